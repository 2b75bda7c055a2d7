// How long a small test takes from the shell, beside a bare node: npm run bench:startup
//
// The goal is 2.2 times `node -e 0` plus 150 ms. The two are measured in turn, and medians are compared, because a shared machine drifts.
import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';

const RUNS = 11;
const path = (relative) => fileURLToPath(new URL(relative, import.meta.url));
const pfnmap = path('../bin/pfnmap.js');
const test = path('../litmus/mail/mail-private-user-pgoff.litmus');

function time(args) {
  const began = performance.now();
  const { status } = spawnSync(process.execPath, args, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`${args.join(' ')} left ${status}`);
  return performance.now() - began;
}

const median = (times) => times.toSorted((a, b) => a - b)[times.length >> 1];
const bare = [];
const run = [];
time([pfnmap, 'run', test]);
for (let i = 0; i < RUNS; i++) {
  bare.push(time(['-e', '0']));
  run.push(time([pfnmap, 'run', test]));
}
const goal = 2.2 * median(bare) + 150;
const ms = (n) => `${n.toFixed(0)} ms`;
console.log(`node -e 0   ${ms(median(bare))}`);
console.log(`pfnmap run  ${ms(median(run))}, goal ${ms(goal)}`);
