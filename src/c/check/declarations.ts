/** Declarations of variables, in files and in functions. */
import type { Declaration } from '../ast.js';
import type { GlobalVariable, InitEntry, LocalVariable, LValue, TypedStatement } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { inferredLength, InitializerChecker } from './initializers.js';
import { UNKNOWN_LENGTH } from './type-table.js';

/** The type of a variable, with the length of `int a[] = { ... }` filled in. */
function variableType(c: Checker, d: Declaration): T.CType {
  const type = c.types.resolve(d.type);
  if (type.kind === 'array' && type.length === UNKNOWN_LENGTH) {
    const length = inferredLength(c, type.of, d.init);
    if (length === undefined)
      c.reporter.fail('PFN1015', `the size of \`${d.name}\` is missing`, d.nameSpan, {
        expected: '`[N]` with a constant N',
      });
    return c.types.object({ ...type, length: length! }, d.nameSpan);
  }
  return c.types.object(type, d.nameSpan);
}

/** Whether the outermost object is const: of `const char *p`, it is not. */
function isConst(d: Declaration): boolean {
  let { type } = d;
  while (type.kind === 'array') type = type.of;
  return type.const;
}

/** Declares a variable that exists once: at file scope, or a static local. */
export function declareGlobal(c: Checker, d: Declaration, name = d.name): GlobalVariable {
  const type = variableType(c, d);
  const known = c.scope.own(d.name);
  if (known) {
    const same = known.kind === 'global' && T.sameType(known.variable.type, type) && c.fn === undefined;
    if (!same || (d.init && known.kind === 'global' && known.variable.init.length > 0)) {
      c.reporter.fail('PFN1106', `\`${d.name}\` is declared twice`, d.nameSpan, {
        notes: [{ message: 'declared here', span: known.span }],
      });
    }
    if (known.kind === 'global') return initialized(c, d, known.variable);
  }
  const variable: GlobalVariable = {
    name,
    type,
    const: isConst(d),
    span: d.nameSpan,
    index: c.globals.length,
    init: [],
  };
  c.globals.push(variable);
  c.scope.set(d.name, { kind: 'global', variable, span: d.nameSpan });
  return initialized(c, d, variable);
}

function initialized(c: Checker, d: Declaration, variable: GlobalVariable): GlobalVariable {
  if (d.init)
    variable.init = initialize(
      c,
      d,
      { kind: 'global', variable, type: variable.type, const: false, span: d.nameSpan },
      true,
    );
  return variable;
}

function initialize(c: Checker, d: Declaration, target: LValue, isStatic: boolean): readonly InitEntry[] {
  const checker = new InitializerChecker(c, isStatic);
  c.reporter.attempt(() => checker.initialize(target, d.init!));
  return checker.entries;
}

/** Adds a local variable or parameter to the function and the scope. */
export function addLocal(
  c: Checker,
  name: string,
  type: T.CType,
  span: Declaration['span'],
  isParameter: boolean,
  constant: boolean,
): LocalVariable {
  const known = c.scope.own(name);
  if (known) {
    c.reporter.error('PFN1106', `\`${name}\` is declared twice`, span, {
      notes: [{ message: 'declared here', span: known.span }],
    });
  }
  const fn = c.fn!;
  const variable: LocalVariable = {
    name,
    type,
    span,
    index: fn.locals.length,
    isParameter,
    addressTaken: false,
  };
  fn.locals.push(variable);
  c.scope.set(name, { kind: 'local', variable, const: constant, span });
  return variable;
}

/** A declaration in a block. */
export function checkLocal(c: Checker, d: Declaration): TypedStatement[] {
  if (d.type.kind === 'function')
    return c.reporter.fail('PFN1102', 'functions are declared outside of functions', d.span);
  if (d.storage === 'extern')
    return c.reporter.fail('PFN1010', '`extern` inside functions is not supported', d.span);
  if (d.storage === 'static') {
    if (c.env.space === 'user') c.reporter.fail('PFN1010', 'threads have no static variables', d.span);
    declareGlobal(c, d, `${c.fn!.name}.${d.name}`);
    return [];
  }
  const variable = addLocal(c, d.name, variableType(c, d), d.nameSpan, false, isConst(d));
  const target: LValue = { kind: 'local', variable, type: variable.type, const: false, span: d.nameSpan };
  const init = d.init ? initialize(c, d, target, false) : [];
  return [{ kind: 'local', variable, zeroed: d.init?.kind === 'list', init, span: d.span }];
}
