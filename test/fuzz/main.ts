/** `npm run fuzz`: see scripts/fuzz.mjs. */
import { writeFileSync } from 'node:fs';
import fc from 'fast-check';
import { corpusTexts, LIMIT_MS, tryInput } from './front-end.js';
import { inputs } from './inputs.js';

export interface FuzzOptions {
  readonly runs: number;
  readonly seed: number;
  /** Path of fast-check to a failure that was reported. */
  readonly path?: string;
  /** Where a failing input is written, and with `.slow` one that came near the limit of time. */
  readonly output: string;
  readonly progress: (text: string) => void;
}

/** @returns whether all inputs were survived */
export function fuzz({ runs, seed, path, output, progress }: FuzzOptions): boolean {
  let done = 0;
  let accepted = 0;
  let slowest = 0;
  let slowestText = '';
  const property = fc.property(inputs(corpusTexts()), (text) => {
    const outcome = tryInput(text);
    done++;
    if (outcome.accepted) accepted++;
    if (outcome.milliseconds > slowest) {
      slowest = outcome.milliseconds;
      slowestText = text;
    }
    if (done % 500 === 0) progress(`${done} of ${runs} runs, slowest ${slowest.toFixed(0)} ms`);
  });
  const result = fc.check(property, { numRuns: runs, seed, ...(path ? { path } : {}) });
  const summary = `${done} runs with seed ${seed}: ${accepted} accepted, slowest ${slowest.toFixed(0)} ms`;
  if (slowest > LIMIT_MS / 2) writeFileSync(`${output}.slow`, slowestText);
  if (!result.failed) {
    console.log(`fuzz: ${summary}`);
    return true;
  }
  writeFileSync(output, result.counterexample?.[0] ?? '');
  console.error(`fuzz: failed after ${result.numRuns} runs and ${result.numShrinks} steps of shrinking`);
  console.error(result.errorInstance instanceof Error ? result.errorInstance.stack : result.errorInstance);
  console.error(`fuzz: the input is in ${output}; to repeat:`);
  console.error(`  npm run fuzz -- --runs ${runs} --seed ${result.seed} --path ${result.counterexamplePath}`);
  return false;
}
