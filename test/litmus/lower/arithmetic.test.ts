import fc from 'fast-check';
import { expect, test } from 'vitest';
import { execute } from './execute.js';
import { expression, VARIABLES } from './expressions.js';

/** Declarations of the variables, then `rN = E;` for every expression. */
function program(expressions: readonly string[], asConstants: boolean): string {
  const variables = VARIABLES.map((v) => `static ${v.type} ${v.name} = ${v.value};`).join('\n');
  const macros = VARIABLES.map((v) => `#define ${v.name} ((${v.type})${v.value})`).join('\n');
  return `${asConstants ? macros : variables}
static long long r[${expressions.length}];
static int demo_init(void)
{
${expressions.map((e, i) => `\tr[${i}] = ${e};`).join('\n')}
	return 0;
}
module_init(demo_init);
P0()
{
	int x = 0;
}`;
}

function results(expressions: readonly string[], asConstants: boolean, arch: string): bigint[] {
  const run = execute(program(expressions, asConstants), arch);
  expect(run.undefined).toBe(undefined);
  return expressions.map((_, i) => run.value(`r[${i}]`));
}

test.each(['x86_64', 'arm'])('what the machine computes is what the checker folds, on %s', (arch) => {
  fc.assert(
    fc.property(fc.array(expression, { minLength: 10, maxLength: 10 }), (expressions) => {
      expect(results(expressions, false, arch)).toEqual(results(expressions, true, arch));
    }),
    { numRuns: 15 },
  );
});
