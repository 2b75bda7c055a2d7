// Checks that outcomes do not depend on how many entries a page table of the model has: runs tests with 2, 4 and 8, and compares.
//
//   node scripts/ptrs.mjs [OPTION...] FILE|DIR...   options and paths are those of `pfnmap run`
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));

/** A test that names sizes of the model's tables has frames in its outcomes that depend on them. */
const SIZED = /\b(PM|PU)D_(SIZE|SHIFT|ORDER|MASK)|PTRS_PER_/;

/** What must be the same: everything but the effort; of a test with sizes, the verdict and how many outcomes there are. */
function answersOf(ptrs, args) {
  const command = ['bin/pfnmap.js', 'run', '--format', 'json', '--ptrs', ptrs, ...args];
  const { stdout, stderr, status } = spawnSync(process.execPath, command, {
    cwd: ROOT,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
  });
  if (status !== 0 && status !== 1)
    throw new Error(`pfnmap run --ptrs ${ptrs} ended with ${status}\n${stderr}`);
  const lines = stdout.split('\n').filter((line) => line !== '');
  return new Map(
    lines.map((line) => {
      const { file, arch, release, status: ran, observation, outcomes, undefined: ids } = JSON.parse(line);
      const sized = SIZED.test(readFileSync(join(ROOT, file), 'utf8'));
      const answer = [ran, observation, sized ? outcomes.length : outcomes, ids];
      return [`${file} ${arch} ${release}`, JSON.stringify(answer)];
    }),
  );
}

const args = process.argv.slice(2);
const [usual, ...others] = ['4', '2', '8'].map((ptrs) => ({ ptrs, answers: answersOf(ptrs, args) }));
let different = 0;
for (const { ptrs, answers } of others) {
  for (const [run, answer] of usual.answers) {
    if (answers.get(run) === answer) continue;
    different++;
    console.log(`${run}: --ptrs ${ptrs} gives ${answers.get(run)}, --ptrs 4 ${answer}`);
  }
}
console.log(`${usual.answers.size} runs, each with 2, 4 and 8 entries: ${different} different`);
process.exitCode = different > 0 ? 1 : 0;
