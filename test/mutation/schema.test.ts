import { expect, test } from 'vitest';
import { mutantId, mutantsOf } from '../../scripts/mutate/operators.mjs';
import { applyMutant, schemaOf, SWITCH } from '../../scripts/mutate/schema.mjs';

const FILE = 'src/x.ts';
const TEXT = `import { E1, E2 } from './e.js';
export function f(a, b) {
  let n = 0;
  if (a < 1 && b !== 2) n += 1;
  else n -= 3;
  while (n < 4) { n++; if (n === b) continue; if (n === a) break; }
  if (!a) return -E1;
  return n | E2;
}
`;

/** What a text computes for some arguments, with one mutant of a schema switched on. */
function results(text: string, n: number): unknown {
  const code = text.replace(/^import .*$/m, '').replace('export ', '');
  // oxlint-disable-next-line typescript/no-implied-eval
  const f = new Function(SWITCH, 'E1', 'E2', `${code}\nreturn f;`)(n, 16, 32) as (
    a: number,
    b: number,
  ) => unknown;
  return [0, 1, 5].flatMap((a) => [2, 3].map((b) => f(a, b)));
}

test('a mutant that is switched on does what it does alone; without one the code is as it was', () => {
  const endless = /: (true|n--)$|negate.*n < 4|n\+\+;/;
  const mutants = mutantsOf(FILE, TEXT).map((mutant, i) => ({ mutant, n: i + 1 }));
  expect(mutants.length).toBeGreaterThan(30);
  const { text, without } = schemaOf(FILE, TEXT, mutants);
  expect(without).toEqual([]);
  expect(results(text, 0)).toEqual(results(TEXT, 0));
  for (const { mutant, n } of mutants) {
    if (mutant.line === 6 || endless.test(mutantId(mutant))) continue;
    expect(results(text, n), mutantId(mutant)).toEqual(results(applyMutant(TEXT, mutant), 0));
  }
});

test('an else stays with its if when the statement before it is dropped', () => {
  const text = 'function f(a) { let n = 1; if (a) n = 2; else n = 3; return n; }';
  const [drop] = mutantsOf(FILE, text).filter(({ op, from }) => op === 'drop' && from === 'n = 2;');
  const switched = schemaOf(FILE, text, [{ mutant: drop!, n: 7 }]).text;
  expect(results(switched, 7)).toEqual([3, 3, 1, 1, 1, 1]);
});

test('what cannot be switched where it stands is told', () => {
  const text = "import { EINVAL, ENOMEM } from './e.js';\nconst x = { EINVAL };";
  const mutants = mutantsOf(FILE, text).map((mutant, i) => ({ mutant, n: i + 1 }));
  const { text: switched, without } = schemaOf(FILE, text, mutants);
  expect(without).toEqual(mutants);
  expect(switched).toBe(text);
});
