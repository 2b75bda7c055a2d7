// Builds what users run: the bundled CLI in dist/cli and the library with its types in dist/lib.
//
//   node scripts/build.mjs            both
//   node scripts/build.mjs cli        only the CLI
//   node scripts/build.mjs --prepare  both, unless dist is newer than everything it is made of
//
// `npm ci` runs the last through the `prepare` script, and so does the first `npx pfnmap` in a clone: npx links the
// package into its cache, and a link is prepared again. That must not fail, even if nothing is installed yet: npx
// would not recover from it.
import { spawnSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
const require = createRequire(import.meta.url);

/** Newest change, in milliseconds, of a file or of anything in a directory. */
function newest(path) {
  const stat = statSync(path);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return Math.max(stat.mtimeMs, ...readdirSync(path).map((name) => newest(join(path, name))));
}

/** Whether `target` was built after everything that it is made of was last changed. */
export function isFresh(target) {
  const stamp = join(ROOT, 'dist', `${target}.stamp`);
  if (!existsSync(stamp)) return false;
  const sources = [
    'src',
    'scripts/build.mjs',
    'scripts/code-cache.mjs',
    'scripts/watch-words.mjs',
    'package.json',
    'tsconfig.json',
    'tsconfig.lib.json',
  ];
  return statSync(stamp).mtimeMs > Math.max(...sources.map((source) => newest(join(ROOT, source))));
}

function markBuilt(target) {
  writeFileSync(join(ROOT, 'dist', `${target}.stamp`), '');
}

/**
 * A small entry, which loads the help texts or what watches coverage only if they are asked for, and one for threads; the commands in one
 * file, with the code that V8 makes of it; the model once more, to be looked at; two entries for the setup of replay and what it records
 * apart; the two wasm files. The commands are CommonJS: Node gives the loader of no other form a code cache.
 */
export async function buildCli() {
  const directory = join(ROOT, 'dist/cli');
  rmSync(directory, { recursive: true, force: true });
  await bundle(
    directory,
    { pfnmap: 'src/cli/main.ts' },
    { format: 'esm', chunkFileNames: '[name]-[hash].js' },
  );
  await bundle(directory, { worker: 'src/cli/worker.ts' }, { format: 'esm', codeSplitting: false });
  await bundle(
    directory,
    { app: 'src/cli/app.ts' },
    {
      format: 'cjs',
      entryFileNames: '[name].cjs',
      codeSplitting: false,
      dynamicImportInCjs: false,
      sourcemap: 'hidden',
    },
  );
  await bundle(
    directory,
    {
      'replay-setup': 'src/replay/kernels/start.ts',
      'replay-mail': 'src/replay/mail/start.ts',
    },
    { format: 'esm', chunkFileNames: '[name]-[hash].js' },
  );
  slimMap(join(directory, 'app.cjs.map'));
  await bundle(
    directory,
    { twin: 'src/verify/twin.ts' },
    { format: 'cjs', entryFileNames: '[name].cjs', codeSplitting: false },
  );
  await watchTwin(join(directory, 'twin.cjs'));
  copyWasm(directory);
  run('the code cache', join(ROOT, 'scripts/code-cache.mjs'), join(directory, 'app.cjs'));
  markBuilt('cli');
}

/** The engine that is looked at is told of every word that it reads or writes. */
async function watchTwin(file) {
  const { watchWords } = await import('./watch-words.mjs');
  writeFileSync(file, watchWords(readFileSync(file, 'utf8')).text);
}

/** A source map without the sources: `--coverage` asks it for files and lines. */
function slimMap(file) {
  const { sourcesContent: _, ...map } = JSON.parse(readFileSync(file, 'utf8'));
  writeFileSync(file, JSON.stringify(map));
}

/** Bundles entries, which are named by their outputs. */
async function bundle(directory, entries, output) {
  const { build } = await import('rolldown');
  await build({
    input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, join(ROOT, file)])),
    platform: 'node',
    logLevel: 'warn',
    // web-tree-sitter holds emscripten's loader, which can evaluate code and here never does.
    checks: { eval: false },
    output: {
      dir: directory,
      // Less text starts faster; names stay, for those who report a stack.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
      ...output,
    },
  });
}

/** Runs a script. @throws {Error} if it fails */
function run(what, ...args) {
  const { status } = spawnSync(process.execPath, args, { cwd: ROOT, stdio: 'inherit' });
  if (status !== 0) throw new Error(`${what} failed`);
}

/** The library: what `tsc` makes of src, the CLI left out. */
export function buildLib() {
  const directory = join(ROOT, 'dist/lib');
  rmSync(directory, { recursive: true, force: true });
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  run('tsc', tsc, '-p', 'tsconfig.lib.json');
  copyWasm(directory);
  markBuilt('lib');
}

function copyWasm(directory) {
  mkdirSync(directory, { recursive: true });
  for (const wasm of ['web-tree-sitter/web-tree-sitter.wasm', 'tree-sitter-c/tree-sitter-c.wasm']) {
    copyFileSync(require.resolve(wasm), join(directory, wasm.split('/')[1]));
  }
}

async function main(args) {
  const prepare = args.includes('--prepare');
  if (prepare && !existsSync(join(ROOT, 'node_modules/rolldown'))) {
    console.error("pfnmap: not built, for the build's tools are not installed: run 'npm ci'");
    return;
  }
  const targets = args.filter((argument) => !argument.startsWith('-'));
  const wanted = (target) =>
    (targets.length === 0 || targets.includes(target)) && !(prepare && isFresh(target));
  if (wanted('cli')) await buildCli();
  if (wanted('lib')) buildLib();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  main(process.argv.slice(2)).catch((error) => {
    console.error(`build: ${error.message}`);
    process.exitCode = 1;
  });
}
