/** The question of a test and the model's answer become C, so that a machine can say by itself whether it agrees (`lit_ktap.h`). */
import type { ComparisonOperator, LitmusTest, ObserverTerm, Prop, Term } from '../../litmus/ast.js';
import { observables, registerName, type ObservedTerm } from '../../litmus/observables.js';
import { defaultCondition } from '../../run/invariants.js';
import type { RunResult } from '../../run/result.js';
import { regionText, type MachineTest } from './index.js';
import { constantValue, specialText } from './observe.js';
import { MACHINE_SIZES } from './sizes.js';

const OPERATORS: Readonly<Record<ComparisonOperator, string>> = {
  '=': 'LIT_EQ',
  '!=': 'LIT_NE',
  '<': 'LIT_LT',
  '<=': 'LIT_LE',
  '>': 'LIT_GT',
  '>=': 'LIT_GE',
};

/** An outcome as a machine prints it: names of errors are only for readers. */
export function plainOutcome(text: string): string {
  return text.replace(/ # .*$/, '');
}

/** `question.c` of a bundle. */
export function questionText({ test, compiled }: MachineTest, model: RunResult): string {
  const { prop } = test.condition ?? defaultCondition();
  const registers = observables([test.filter, prop]).map((o) => `${JSON.stringify(o.register)}, `);
  const outcomes = model.outcomes.map(
    (o) => `\t{ ${JSON.stringify(plainOutcome(o.text))}, ${o.positive ? 1 : 0} },\n`,
  );
  const pfns = test.memory.regions.map(
    ({ name }) => `${compiled.mem.regions.find((r) => r.name === name)!.pfn}, `,
  );
  return `/* What the test asks, and every outcome that the model has for this kernel. */
#include <stddef.h>
#include "lit_ktap.h"

/* ${commentText(model.condition)} */
static int holds(void)
{
	return ${propText(prop, test)};
}

/* Only outcomes in which this holds count. */
static int filter(void)
{
	return ${test.filter === undefined ? '1' : propText(test.filter, test)};
}

static const struct lit_expected outcomes[] = {
${outcomes.join('')}	{ NULL, 0 }
};

const struct lit_question lit_question = {
	.condition = ${JSON.stringify(model.condition)},
	.registers = (const char *const[]){ ${registers.join('')}NULL },
	.filter = filter,
	.holds = holds,
	.outcomes = outcomes,
	.pfns = (const unsigned long long[]){ ${pfns.join('')}0 },
	.zero = ${compiled.mem.zeroPfn},
};
`;
}

function commentText(text: string): string {
  return text.replaceAll('*/', '* /');
}

function propText(p: Prop, test: LitmusTest): string {
  switch (p.kind) {
    case 'and':
    case 'or':
      return `(${p.args.map((a) => propText(a, test)).join(p.kind === 'and' ? ' &&\n\t\t' : ' ||\n\t\t')})`;
    case 'not':
      return `!${propText(p.arg, test)}`;
    case 'literal':
      return p.value ? '1' : '0';
    case 'compare':
      return `lit_compare(${OPERATORS[p.op]}, ${termText(p.left, test)}, ${termText(p.right, test)})`;
    case 'truth':
      return `lit_true(${noted(p.term)})`;
    case 'flag':
      return `lit_true(${noted(p.term, p.flag)})`;
  }
}

/** What was taken down at the end of the run. */
function noted(t: ObservedTerm | ObserverTerm, flag?: string): string {
  return `lit_noted(${JSON.stringify(flag === undefined ? registerName(t) : `${registerName(t)}.${flag}`)})`;
}

function termText(t: Term, test: LitmusTest): string {
  switch (t.kind) {
    case 'integer':
      return `lit_int(${t.value}LL)`;
    case 'special':
      return specialText(t.value);
    case 'region':
      return `lit_frame(${regionText(test, t.name)})`;
    case 'constant':
      return `lit_int(${constantValue(t.name, { sizes: MACHINE_SIZES })}LL)`;
    case 'arena':
      return 'lit_addr(LIT_ARENA)';
    case 'negate':
      return `lit_neg(${termText(t.arg, test)})`;
    case 'binary':
      return `lit_binary('${t.op[0]!}', ${termText(t.left, test)}, ${termText(t.right, test)})`;
    default:
      return noted(t);
  }
}
