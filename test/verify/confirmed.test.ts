/** Counterexamples of drivers of the corpus, run as litmus tests: what verify has found, run finds. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { counterexampleText } from '../../src/report/verify.js';
import { runTest } from '../../src/run/index.js';
import { parseLitmus } from '../../src/run/parse.js';
import { withinOf } from '../../src/verify/expectation.js';
import { verifyTest } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

test.each([
  ['fb-defio-broken-eager', 'notified', '0:writable(p) = 1'],
  ['two-banks-broken-ignored', 'served', '0:present(p) = 0'],
  ['private-index-broken-pgoff', 'served', '0:m = -EBUSY'],
  ['dma-index-broken-pgoff', 'served', '0:m = '],
  ['dax-huge-broken-eager', 'notified', '0:writable(p) = 1', 'x86_64'],
  ['vfio-huge-edges-broken-beyond', 'stale', '0:level(p) = 2', 'x86_64'],
  [
    'vfio-huge-edges-broken-end',
    'resource',
    '0:pfn(p + PMD_SIZE + PAGE_SIZE) = bar + PTRS_PER_PTE + 1',
    'x86_64',
  ],
])('%s: %s', async (name, invariant, condition, arch = 'arm') => {
  const file = `litmus/drivers/${name}.litmus`;
  const driver = parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
  const where = { arch, release: '7.2' };
  const result = await verifyTest(driver, { processes: 1, pages: 1, ...withinOf(driver), ...where });
  expect(result.violation?.invariant).toBe(invariant);
  const text = counterexampleText(result, 'found', 'Sometimes')!;
  expect(text).toContain(`exists (${condition}`);
  const { observation } = await runTest(parseLitmus({ file: 'found.litmus', text }, grammar), where);
  expect(['Sometimes', 'Always']).toContain(observation);
});
