// Keeps what V8 makes of a bundle beside it, in FILE.cache: src/cli/cached.ts loads it. One small run goes before, so that the
// functions that every run needs are there.
//
//   node scripts/code-cache.mjs FILE.cjs
import { readFileSync, writeFileSync } from 'node:fs';
import module, { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { Script } from 'node:vm';

const SAMPLE = join(
  fileURLToPath(new URL('..', import.meta.url)),
  'litmus/mail/mail-private-user-pgoff.litmus',
);
const silent = { write: () => true, isTTY: false };

/** A cache is good for the flags that hold when it is taken: those of flagsForLoading() in src/cli/v8-flags.ts. A run changes them. */
const setFlags = () =>
  ['--liftoff-only', '--interrupt-budget=264000'].forEach((flag) => setFlagsFromString(flag));

setFlags();
const [file] = process.argv.slice(2);
const script = new Script(module.wrap(readFileSync(file, 'utf8')), { filename: file });
const loaded = { exports: {} };
script.runInThisContext()(loaded.exports, createRequire(file), loaded, file, dirname(file));
await loaded.exports.runApplication(['run', '--arch', 'arm', SAMPLE], {
  process: { stdout: silent, stderr: silent },
  env: {},
  cwd: process.cwd(),
  signal: new AbortController().signal,
  status: 0,
});
setFlags();
writeFileSync(`${file}.cache`, script.createCachedData());
