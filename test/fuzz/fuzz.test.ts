import { readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { corpusTexts, tryInput } from './front-end.js';
import { inputs } from './inputs.js';
import { fuzz } from './main.js';

test('the front end survives a short run', () => {
  const output = join(tmpdir(), `pfnmap-fuzz-${process.pid}.litmus`);
  const survived = fuzz({ runs: 300, seed: 20, output, progress: () => {} });
  expect(survived ? '' : readFileSync(output, 'utf8')).toBe('');
  rmSync(output, { force: true });
});

test('inputs are of all kinds: some tests, many mistakes', () => {
  const sample = fc.sample(inputs(corpusTexts()), { numRuns: 200, seed: 3 });
  const accepted = sample.filter((text) => tryInput(text).accepted).length;
  expect(accepted).toBeGreaterThan(10);
  expect(accepted).toBeLessThan(150);
});
