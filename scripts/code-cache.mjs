// Keeps what V8 makes of a bundle beside it, in FILE.cache: src/cli/cached.ts loads it. Some small runs go before, so that the
// functions that most runs need are there.
//
//   node scripts/code-cache.mjs FILE.cjs
import { readFileSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const SAMPLES = [
  ['litmus/mail/mail-private-user-pgoff.litmus'],
  // threads that race, and a search of some hundred states
  ['--format', 'json', 'litmus/drivers/buffer-busy.litmus'],
];
const silent = { write: () => true, isTTY: false };

/** A cache is good for the flags that hold when it is taken: those of flagsForLoading() in src/cli/v8-flags.ts. A run changes them. */
const setFlags = () =>
  ['--liftoff-only', '--interrupt-budget=264000'].forEach((flag) => setFlagsFromString(flag));

setFlags();
const [file] = process.argv.slice(2);
const script = new Script(module.wrap(readFileSync(file, 'utf8')), { filename: file });
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, createRequire(file), loaded, file, dirname(file));
for (const sample of SAMPLES)
  await loaded.exports.runApplication(['run', '--arch', 'arm', ...sample], {
    process: { stdout: silent, stderr: silent },
    env: {},
    cwd: ROOT,
    signal: new AbortController().signal,
    status: 0,
  });
setFlags();
writeFileSync(`${file}.cache`, script.createCachedData());
