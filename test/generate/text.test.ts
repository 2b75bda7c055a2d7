import fc from 'fast-check';
import { expect, test } from 'vitest';
import { litmusText } from '../../src/generate/text.js';
import { observables } from '../../src/litmus/observables.js';
import { compile } from '../../src/run/boot.js';
import { factsOf } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { grammar } from '../litmus/grammar.js';
import { SIMPLEST, validRecord } from './records.js';

function parsed(text: string) {
  return parseLitmus({ file: 'g.litmus', text }, grammar);
}

test('every valid record is a test without a diagnostic', () => {
  fc.assert(
    fc.property(validRecord, (record) => {
      const t = parsed(litmusText(record, { name: 'g' }));
      compile(t, factsOf('x86_64', '7.2'), 4);
    }),
    { numRuns: 60 },
  );
});

test('the question names what can be observed', () => {
  const t = parsed(litmusText({ ...SIMPLEST, ops: [{ name: 'fork', arg: 'child' }] }, { name: 'g' }));
  const registers = observables([t.condition!.prop]).map((o) => o.register);
  expect(registers).toEqual(
    expect.arrayContaining([
      'leaked',
      '0:e1',
      '0:pfn.p',
      '0:c1.special.p',
      'refcount.buf',
      'mem.buf',
      'bug.remap_pfn_range',
    ]),
  );
  expect(registers.length).toBeGreaterThan(40);
});

test('records that differ are texts that differ', () => {
  fc.assert(
    fc.property(validRecord, validRecord, (a, b) => {
      fc.pre(JSON.stringify(a) !== JSON.stringify(b));
      expect(parsed(litmusText(a, { name: 'g' })).hash).not.toBe(parsed(litmusText(b, { name: 'g' })).hash);
    }),
    { numRuns: 30 },
  );
});

test('a header and a question may be given', () => {
  const t = parsed(
    litmusText(SIMPLEST, { name: 'mine', comment: ['Result: Never'], condition: 'exists (0:pfn(p) = buf)' }),
  );
  expect(t.name).toBe('mine');
  expect(t.condition?.quantifier).toBe('exists');
});
