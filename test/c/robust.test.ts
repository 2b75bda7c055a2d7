import fc from 'fast-check';
import { expect, test } from 'vitest';
import { C_CODES } from '../../src/c/codes.js';
import { formatDiagnostic } from '../../src/c/diagnostics.js';
import { check } from './support.js';

/** Checks a text; the diagnostics must lie inside it and be documented. */
async function survives(text: string): Promise<void> {
  const { sink } = await check(text);
  for (const d of sink.diagnostics) {
    expect(C_CODES.some((doc) => doc.code === d.code)).toBe(true);
    expect(d.span.start).toBeGreaterThanOrEqual(0);
    expect(d.span.end).toBeLessThanOrEqual(text.length);
    expect(formatDiagnostic(sink.source, d, true)).toContain(d.code);
  }
}

const pieces = [
  ...new Set(
    C_CODES.filter((d) => d.code !== 'PFN1003').flatMap((d) =>
      `${d.example}\n${d.fix}`.match(/\w+|[^\w\s]|\s+/g)!,
    ),
  ),
];

test('texts made of the pieces of C', async () => {
  const text = fc.array(fc.constantFrom(...pieces), { maxLength: 60 }).map((p) => p.join(''));
  await fc.assert(fc.asyncProperty(text, survives), { numRuns: 400 });
});

test('mutated programs', async () => {
  const whole = C_CODES.filter((d) => d.code !== 'PFN1003').map((d) => d.fix);
  const mutation = fc.record({
    text: fc.constantFrom(...whole),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    drop: fc.nat(6),
    insert: fc.constantFrom(...pieces),
  });
  const mutated = mutation.map(({ text, at, drop, insert }) => {
    const i = Math.floor(at * text.length);
    return text.slice(0, i) + insert + text.slice(i + drop);
  });
  await fc.assert(fc.asyncProperty(mutated, survives), { numRuns: 600 });
});

const big = 60_000;
const repeat = (s: string, n = Math.floor(big / s.length)): string => s.repeat(n);

test.each([
  ['parentheses', `int x = ${repeat('(')};`],
  ['balanced parentheses', `int x = ${repeat('(', 190)}1${repeat(')', 190)};`],
  ['braces', `int f(void) ${repeat('{')}`],
  ['a sum', `static int x = ${repeat('1+')}1;`],
  ['unary operators', `static int x = ${repeat('-~')}1;`],
  ['a chain of else', `static void f(int a) { ${repeat('if (a) ; else ')} ; }`],
  ['assignments', `static void f(int a) { ${repeat('a=')}1; }`],
  ['noise', repeat('*&/) @')],
  ['names', `static ${repeat('a b c d ')}`],
  ['calls', repeat('f(')],
  ['templates', repeat('a<b>*(c)')],
  ['pointers', `static int ${repeat('*')}p;`],
  ['arrays', `static int a${repeat('[1]')};`],
  ['indices', `static int f(int *a) { return a${repeat('[0]')}; }`],
  ['members', `static int f(struct file *a) { return a${repeat('->b')}; }`],
  [
    'macros',
    Array.from({ length: 1500 }, (_, i) => `#define MACRO${i} (MACRO${i + 1} + 1)\n`).join('') +
      'static int x = MACRO0;',
  ],
  ['globals', Array.from({ length: 2500 }, (_, i) => `static int g${i} = ${i};\n`).join('')],
  ['unknown names', `static void f(void) { ${repeat('undeclared_name; ')} }`],
  ['initialisers', `static int a[] = { ${repeat('1, ')} };`],
  ['casts', `static int x = ${repeat('(int)')}1;`],
  ['conditionals', `static int f(int a) { return ${repeat('a ? 1 : ')}2; }`],
  ['strings', `static void f(void) { printk("${repeat('x')}"); }`],
])('64 KB of %s end in a tree or in diagnostics', async (_, text) => {
  // how long it takes is held by `npm run fuzz`, in CPU time: wall time says more about the machine
  await survives(text);
});

async function codesOf(text: string): Promise<string[]> {
  return (await check(text)).sink.diagnostics.map((d) => d.code);
}

test('64 KB of ordinary text are parsed, however slow the machine', async () => {
  expect(await codesOf(repeat('static int f(int x)\n{\n        return x + 1;\n}\n'))).not.toContain(
    'PFN1009',
  );
});

test.each(['*', '&', '-', '+'])('chains of `(a) %s`, which may nest as casts, are refused', async (op) => {
  const chain = `${`(a)${op}`.repeat(4000)}(a)`;
  expect(await codesOf(`static int f(int a) { return ${chain}; }`)).toEqual(['PFN1003']);
});
