import { expect, test } from 'vitest';
import { applyMutant } from '../../scripts/mutate/schema.mjs';
import { mutantId, mutantsOf } from '../../scripts/mutate/operators.mjs';

/** What a change makes of a text, by operator. */
function changes(text: string): string[] {
  return mutantsOf('src/x.ts', text).map((m) => `${m.op}: ${applyMutant(text, m)}`);
}

test('conditions', () => {
  expect(changes('if (a < 0) b();')).toEqual([
    'negate: if (!(a < 0)) b();',
    'decide: if (true) b();',
    'decide: if (false) b();',
    'boundary: if (a <= 0) b();',
    'drop: if (a < 0) ;',
  ]);
  expect(changes('const x = a && !b;')).toEqual([
    'connect: const x = (a) || (!b);',
    'operand: const x = (a);',
    'operand: const x = (!b);',
    'unary: const x = a && (b);',
  ]);
});

test('counts, numbers and flags', () => {
  expect(changes('const f = () => { page.refcount += 1; };').slice(0, 3)).toEqual([
    'count: const f = () => { page.refcount -= 1; };',
    'drop: const f = () => { ; };',
    'number: const f = () => { page.refcount += 0; };',
  ]);
  expect(changes('const r = byRelease([true, false]);')).toEqual([
    'boolean: const r = byRelease([false, false]);',
    'boolean: const r = byRelease([true, true]);',
  ]);
});

test('constants of the same kind, as the file knows them', () => {
  const imports = "import { EINVAL, VM_IO, ENOMEM, type VM_X } from './x.js';\n";
  expect(changes(`${imports}const r = EINVAL;`)).toEqual([`constant: ${imports}const r = ENOMEM;`]);
  expect(changes(`${imports}const r = VM_IO;`)).toEqual([]);
});

test('facts', () => {
  expect(changes('const a = k.facts.pteSpecial;')).toEqual([
    'fact: const a = true;',
    'fact: const a = false;',
  ]);
});

test('what cannot matter is left alone', () => {
  expect(changes('const Pc = { Start: 0, Next: 1 } as const;')).toEqual([]);
  expect(changes("import { a } from './a.js'; type T = 1 | 2;")).toEqual([]);
  expect(changes('throw new Error(`${1}`);')).toEqual([]);
  expect(changes('const lo = w[e + 1] | 0;')).toEqual([]);
  expect(changes("const r = routine('mm/x.c:x', 2, run);")).toEqual([]);
  expect(changes('function f() { if (a) { k.bug(); return 0; } }').join()).not.toContain('return 1');
});

test('a mutant has a name of its own, which lines do not change', () => {
  const text = 'function f() { a(); a(); }\nfunction g() { a(); }\n';
  const ids = mutantsOf('src/x.ts', text).map(mutantId);
  expect(ids).toEqual([
    'src/x.ts | f | drop | 1 | a(); | ;',
    'src/x.ts | f | drop | 2 | a(); | ;',
    'src/x.ts | g | drop | 1 | a(); | ;',
  ]);
  expect(mutantsOf('src/x.ts', `\n// more\n${text}`).map(mutantId)).toEqual(ids);
});
