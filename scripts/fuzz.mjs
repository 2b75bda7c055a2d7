// Throws generated and mutated tests at parser, checks and lowering: nothing but a diagnostic may come out, within a second.
//
//   npm run fuzz -- --runs 10000             with a new seed, which is printed
//   npm run fuzz -- --seed 7 --path 312:0:1  again, with what a failure reported
//
// Exit status: 0 if every input was survived, 1 if not, 2 for wrong usage.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'rolldown';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const DIRECTORY = join(ROOT, 'dist/fuzz');

function options() {
  const { values } = parseArgs({
    options: {
      runs: { type: 'string', default: '10000' },
      seed: { type: 'string', default: String(Date.now() % 2 ** 31) },
      path: { type: 'string' },
    },
  });
  for (const name of ['runs', 'seed']) {
    if (!/^\d+$/.test(values[name])) throw new Error(`--${name} takes a number, not '${values[name]}'`);
  }
  return { ...values, runs: Number(values.runs), seed: Number(values.seed) };
}

async function main() {
  const given = options();
  mkdirSync(DIRECTORY, { recursive: true });
  await build({
    input: { fuzz: join(ROOT, 'test/fuzz/main.ts') },
    platform: 'node',
    external: ['web-tree-sitter', 'fast-check'],
    logLevel: 'warn',
    output: { dir: DIRECTORY, format: 'esm' },
  });
  process.chdir(ROOT);
  const { fuzz } = await import(pathToFileURL(join(DIRECTORY, 'fuzz.js')).href);
  const progress = (text) => {
    if (process.stderr.isTTY) process.stderr.write(`\r${text}\u001b[K`);
  };
  const survived = fuzz({ ...given, output: join('dist/fuzz', 'failure.litmus'), progress });
  process.exitCode = survived ? 0 : 1;
}

main().catch((error) => {
  console.error(`fuzz: ${error.message}`);
  process.exitCode = 2;
});
