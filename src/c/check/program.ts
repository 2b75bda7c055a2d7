/** Checks driver code and threads. */
import type {
  Declaration,
  Expr,
  FunctionDefinition,
  MacroDeclaration,
  ThreadBody,
  TopLevel,
  TranslationUnit,
} from '../ast.js';
import type { DiagnosticSink } from '../diagnostics.js';
import type { Environment } from '../environment.js';
import { didYouMean } from '../suggest.js';
import type { GlobalVariable, TypedFunction, TypedProgram } from '../typed.js';
import * as T from '../types.js';
import { Checker, type Rules } from './checker.js';
import { integerConstant } from './constants.js';
import { addLocal, declareGlobal } from './declarations.js';
import { checkValue } from './values.js';
import { checkOperand } from './expressions.js';
import { checkBody } from './statements.js';

const RULES: Rules = { operand: checkOperand, constant: integerConstant };

type Unit = Pick<TranslationUnit, 'items' | 'macros'>;

/**
 * Checks driver code. Errors go to the sink; the program is usable only if there are none.
 * @param env what the driver may use; its `space` must be `kernel`
 */
export function checkDriver(unit: Unit, env: Environment, sink: DiagnosticSink): TypedProgram {
  const c = new Checker(env, unit, sink, RULES);
  const hooks: { init?: string; exit?: string } = {};
  for (const item of unit.items) c.reporter.attempt(() => checkItem(c, item, hooks));
  for (const name of unit.macros.keys()) warmMacro(c, name);
  for (const item of unit.items) checkDefined(c, item);
  return { functions: c.functions, globals: c.globals, ...hooks };
}

/** Macros that nobody uses are checked too, but only for what makes no sense anywhere. */
function warmMacro(c: Checker, name: string): void {
  const macro = c.macro(name)!;
  if (macro.value?.kind === 'number') c.reporter.attempt(() => checkValue(c, macro.value!));
}

function checkItem(c: Checker, item: TopLevel, hooks: { init?: string; exit?: string }): void {
  switch (item.kind) {
    case 'function':
      checkFunction(c, item);
      return;
    case 'declaration':
      if (item.type.kind === 'function') declareFunction(c, item, item.type);
      else declareGlobal(c, item);
      return;
    case 'macro':
      checkMacroCall(c, item, hooks);
      return;
    default:
      checkTypeItem(c, item);
  }
}

function checkTypeItem(c: Checker, item: TopLevel): void {
  if (item.kind === 'typedef') {
    const type = c.types.resolve(item.type);
    const known = c.scope.own(item.name);
    if (known && !(known.kind === 'typedef' && T.sameType(known.type, type))) {
      c.reporter.fail('PFN1106', `\`${item.name}\` is declared twice`, item.span, {
        notes: [{ message: 'declared here', span: known.span }],
      });
    }
    c.scope.set(item.name, {
      kind: 'typedef',
      type: T.named(type, item.name),
      const: item.type.const,
      span: item.span,
    });
  } else if (item.kind === 'type' && !(item.type.kind === 'struct' && !item.type.fields))
    c.types.resolve(item.type);
}

type HasName = Pick<Declaration, 'name' | 'nameSpan'>;

function declareFunction(c: Checker, item: HasName, e: FunctionDefinition['type']): T.FunctionType {
  const type = c.types.resolveFunction(e);
  const known = c.scope.own(item.name);
  if (known && (known.kind !== 'function' || !T.sameType(known.type, type))) {
    c.reporter.fail('PFN1106', `\`${item.name}\` is declared twice, differently`, item.nameSpan, {
      notes: [{ message: 'declared here', span: known.span }],
    });
  }
  if (!known) c.scope.set(item.name, { kind: 'function', type, defined: false, span: item.nameSpan });
  return type;
}

function checkFunction(c: Checker, item: FunctionDefinition): void {
  if (c.env.lookupFunction(item.name)) {
    c.reporter.fail('PFN1106', `\`${item.name}\` is a function of the kernel`, item.nameSpan, {
      suggestion: 'choose another name',
    });
  }
  const type = declareFunction(c, item, item.type);
  const known = c.scope.own(item.name);
  if (known?.kind === 'function') {
    if (known.defined)
      c.reporter.fail('PFN1106', `\`${item.name}\` is defined twice`, item.nameSpan, {
        notes: [{ message: 'declared here', span: known.span }],
      });
    known.defined = true;
  }
  c.functions.set(item.name, checkFunctionBody(c, item, type));
}

function checkFunctionBody(c: Checker, item: FunctionDefinition, type: T.FunctionType): TypedFunction {
  const locals: TypedFunction['locals'][number][] = [];
  c.fn = { name: item.name, result: type.result, locals, labels: new Map(), gotos: [], caseCount: 0 };
  const body = c.nested(() => {
    item.type.parameters.forEach((p, i) => {
      if (p.name === undefined)
        c.reporter.error('PFN1139', `parameter ${i + 1} has no name`, p.span, { expected: '`TYPE NAME`' });
      addLocal(c, p.name ?? `(parameter ${i + 1})`, type.parameters[i]!.type, p.span, true, p.type.const);
    });
    return checkBody(c, item.body);
  });
  c.fn = undefined;
  return { name: item.name, nameSpan: item.nameSpan, type, locals, body, span: item.span };
}

function checkMacroCall(c: Checker, item: MacroDeclaration, hooks: { init?: string; exit?: string }): void {
  const macro = c.env.lookupMacro(item.name);
  if (!macro) {
    return c.reporter.fail('PFN1140', `\`${item.name}\` is not known outside of functions`, item.nameSpan, {
      ...didYouMean(item.name, c.env.names('macro')),
    });
  }
  if (macro.kind === 'ignore') return;
  const [arg] = item.args;
  if (arg?.kind !== 'name') {
    return c.reporter.fail('PFN1110', `\`${item.name}\` takes a name`, item.span, {
      expected: `\`${item.name}(NAME)\``,
    });
  }
  if (macro.kind === 'object') declareObject(c, item, arg, macro.type);
  else hooks[macro.kind] = hookName(c, item.name, arg);
}

function declareObject(c: Checker, item: MacroDeclaration, arg: Expr & { kind: 'name' }, text: string): void {
  const known = c.scope.own(arg.name);
  if (known)
    c.reporter.fail('PFN1106', `\`${arg.name}\` is declared twice`, arg.span, {
      notes: [{ message: 'declared here', span: known.span }],
    });
  const variable: GlobalVariable = {
    name: arg.name,
    type: c.types.fromText(text),
    const: false,
    span: arg.span,
    index: c.globals.length,
    init: [],
  };
  c.globals.push(variable);
  c.scope.set(arg.name, { kind: 'global', variable, span: item.span });
}

function hookName(c: Checker, macro: string, arg: Expr & { kind: 'name' }): string {
  const known = c.scope.find(arg.name);
  if (known?.kind !== 'function') {
    return c.reporter.fail(
      'PFN1102',
      `\`${macro}\` needs a function; \`${arg.name}\` is none`,
      arg.span,
      didYouMean(arg.name, c.functions.keys()),
    );
  }
  if (known.type.parameters.length > 0) {
    c.reporter.fail('PFN1129', `\`${arg.name}\` must take no arguments`, arg.span, {
      expected: `\`${arg.name}(void)\``,
    });
  }
  return arg.name;
}

/** A function that is declared and never defined cannot be run. */
function checkDefined(c: Checker, item: TopLevel): void {
  if (item.kind !== 'declaration' || item.type.kind !== 'function') return;
  const known = c.scope.own(item.name);
  if (known?.kind === 'function' && !known.defined) {
    c.reporter.error('PFN1102', `\`${item.name}\` is declared, but not defined`, item.nameSpan);
  }
}

/** Threads see the driver's types, enumerators and macros, as a shared header would give them, but not its objects. */
function sharedDeclarations(c: Checker, unit: Unit): void {
  for (const item of unit.items) {
    if (item.kind === 'typedef' || item.kind === 'type') c.reporter.attempt(() => checkTypeItem(c, item));
  }
}

/**
 * Checks a thread.
 * @param unit the driver of the same file
 * @param env the system calls and constants of user space; its `space` must be `user`
 */
export function checkThread(
  thread: ThreadBody,
  unit: Unit,
  env: Environment,
  sink: DiagnosticSink,
): TypedFunction {
  const c = new Checker(env, unit, sink, RULES);
  sharedDeclarations(c, unit);
  const type: T.FunctionType = { kind: 'function', result: T.VOID, parameters: [], variadic: false };
  const locals: TypedFunction['locals'][number][] = [];
  c.fn = { name: thread.name, result: T.VOID, locals, labels: new Map(), gotos: [], caseCount: 0 };
  const body = c.nested(() => checkBody(c, thread.body));
  return { name: thread.name, nameSpan: thread.span, type, locals, body, span: thread.span };
}
