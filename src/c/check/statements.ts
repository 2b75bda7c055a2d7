/** Statements. */
import type { Block, Statement } from '../ast.js';
import type { Span } from '../diagnostics.js';
import { didYouMean } from '../suggest.js';
import type { TypedStatement } from '../typed.js';
import * as T from '../types.js';
import type { Checker } from './checker.js';
import { integerConstant } from './constants.js';
import { checkLocal } from './declarations.js';
import { checkEffect, checkInteger, checkTest, checkValue } from './values.js';

/** A switch while its body is checked. */
interface SwitchState {
  readonly type: T.IntType;
  readonly cases: { value: bigint; target: number }[];
  fallback?: number;
}

/** What surrounds a statement. */
interface Surroundings {
  readonly loop: boolean;
  readonly enclosing?: SwitchState;
}

/** Checks a function's body in the current scope (which holds the parameters). */
export function checkBody(c: Checker, block: Block): TypedStatement {
  const body = checkAll(c, block.body, { loop: false });
  for (const { label, span } of c.fn!.gotos) {
    if (c.fn!.labels.has(label)) continue;
    c.reporter.error(
      'PFN1119',
      `there is no label \`${label}\` in this function`,
      span,
      didYouMean(label, c.fn!.labels.keys()),
    );
  }
  return { kind: 'block', body, span: block.span };
}

function checkAll(c: Checker, statements: readonly Statement[], around: Surroundings): TypedStatement[] {
  return statements.flatMap((s) => c.reporter.attempt(() => checkStatement(c, s, around)) ?? []);
}

function one(c: Checker, s: Statement, around: Surroundings): TypedStatement {
  const list = c.nested(() => c.reporter.attempt(() => checkStatement(c, s, around)) ?? []);
  return list.length === 1 ? list[0]! : { kind: 'block', body: list, span: s.span };
}

function checkStatement(c: Checker, s: Statement, around: Surroundings): TypedStatement[] {
  const { span } = s;
  switch (s.kind) {
    case 'block':
      return [{ kind: 'block', body: c.nested(() => checkAll(c, s.body, around)), span }];
    case 'declaration':
      return checkLocal(c, s);
    case 'typedef':
      c.scope.set(s.name, { kind: 'typedef', type: c.types.resolve(s.type), const: s.type.const, span });
      return [];
    case 'type':
      c.types.resolve(s.type);
      return [];
    case 'expression':
      return s.value ? [{ kind: 'expression', value: checkEffect(c, s.value), span }] : [];
    case 'if':
      return [
        {
          kind: 'if',
          test: checkTest(c, s.test),
          then: one(c, s.then, around),
          ...(s.otherwise ? { otherwise: one(c, s.otherwise, around) } : {}),
          span,
        },
      ];
    case 'while':
    case 'do':
      return [
        { kind: s.kind, test: checkTest(c, s.test), body: one(c, s.body, { ...around, loop: true }), span },
      ];
    case 'for':
      return [c.nested(() => checkFor(c, s, around))];
    case 'switch':
      return [checkSwitch(c, s, around)];
    case 'case':
      return checkCase(c, s, around);
    case 'label':
      return checkLabel(c, s, around);
    case 'goto':
      c.fn!.gotos.push({ label: s.label, span });
      return [{ kind: 'goto', label: s.label, span }];
    case 'break':
      if (!around.loop && !around.enclosing)
        return c.reporter.fail('PFN1118', '`break` is outside of a loop or `switch`', span);
      return [{ kind: 'break', span }];
    case 'continue':
      if (!around.loop) return c.reporter.fail('PFN1118', '`continue` is outside of a loop', span);
      return [{ kind: 'continue', span }];
    case 'return':
      return [checkReturn(c, s, span)];
  }
}

function checkFor(c: Checker, s: Statement & { kind: 'for' }, around: Surroundings): TypedStatement {
  return {
    kind: 'for',
    init: checkAll(c, s.init, { loop: false }),
    ...(s.test ? { test: checkTest(c, s.test) } : {}),
    ...(s.update ? { update: checkEffect(c, s.update) } : {}),
    body: one(c, s.body, { ...around, loop: true }),
    span: s.span,
  };
}

function checkSwitch(c: Checker, s: Statement & { kind: 'switch' }, around: Surroundings): TypedStatement {
  const value = checkInteger(c, s.value, 'the value of `switch`');
  const state: SwitchState = { type: value.type as T.IntType, cases: [] };
  const body = one(c, s.body, { loop: around.loop, enclosing: state });
  const fallback = state.fallback === undefined ? {} : { fallback: state.fallback };
  return { kind: 'switch', value, cases: state.cases, ...fallback, body, span: s.span };
}

function checkCase(c: Checker, s: Statement & { kind: 'case' }, around: Surroundings): TypedStatement[] {
  const state = around.enclosing;
  const what = s.value ? '`case`' : '`default`';
  if (!state) return c.reporter.fail('PFN1121', `${what} is outside of a \`switch\``, s.span);
  const target = c.fn!.caseCount++;
  c.reporter.attempt(() => addCase(c, s, state, target));
  return [{ kind: 'case', target, span: s.span }, ...checkAll(c, s.body, around)];
}

function addCase(c: Checker, s: Statement & { kind: 'case' }, state: SwitchState, target: number): void {
  if (!s.value) {
    if (state.fallback !== undefined) c.reporter.fail('PFN1122', 'a second `default`', s.span);
    state.fallback = target;
    return;
  }
  const value = T.wrap(integerConstant(c, s.value, 'a case label'), state.type);
  if (state.cases.some((k) => k.value === value))
    c.reporter.fail('PFN1122', `a second \`case\` for ${value}`, s.span);
  state.cases.push({ value, target });
}

function checkLabel(c: Checker, s: Statement & { kind: 'label' }, around: Surroundings): TypedStatement[] {
  const known = c.fn!.labels.get(s.name);
  if (known) {
    c.reporter.error('PFN1120', `label \`${s.name}\` stands twice in this function`, s.span, {
      notes: [{ message: 'first here', span: known }],
    });
  } else c.fn!.labels.set(s.name, s.span);
  const label: TypedStatement = { kind: 'label', name: s.name, span: s.span };
  return s.body ? [label, ...checkAll(c, [s.body], around)] : [label];
}

function checkReturn(c: Checker, s: Statement & { kind: 'return' }, span: Span): TypedStatement {
  const { result, name } = c.fn!;
  if (!s.value) {
    if (result.kind === 'void') return { kind: 'return', span };
    return c.reporter.fail('PFN1117', `\`${name}\` must return a value`, span, {
      expected: `\`${T.typeName(result)}\``,
    });
  }
  const value = checkValue(c, s.value);
  if (result.kind === 'void' && value.type.kind !== 'void') {
    const suggestion =
      c.env.space === 'user'
        ? { suggestion: 'threads return nothing; exit(n) ends a process with a status' }
        : {};
    return c.reporter.fail('PFN1117', `\`${name}\` returns nothing`, s.value.span, suggestion);
  }
  if (result.kind === 'void') return { kind: 'return', value, span };
  return { kind: 'return', value: c.convert.assign(value, result, `return value of \`${name}\``), span };
}
