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
import { copyFileSync, existsSync, mkdirSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
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
  const sources = ['src', 'scripts/build.mjs', 'package.json', 'tsconfig.json', 'tsconfig.lib.json'];
  return statSync(stamp).mtimeMs > Math.max(...sources.map((source) => newest(join(ROOT, source))));
}

function markBuilt(target) {
  writeFileSync(join(ROOT, 'dist', `${target}.stamp`), '');
}

/** One entry for the CLI and two for its replay, with chunks that load on demand, and the two wasm files beside them. */
export async function buildCli() {
  const { build } = await import('rolldown');
  const directory = join(ROOT, 'dist/cli');
  rmSync(directory, { recursive: true, force: true });
  await build({
    input: {
      pfnmap: join(ROOT, 'src/cli/main.ts'),
      'replay-setup': join(ROOT, 'src/replay/kernels/start.ts'),
      'replay-selftest': join(ROOT, 'src/replay/selftest/start.ts'),
    },
    platform: 'node',
    logLevel: 'warn',
    // web-tree-sitter holds emscripten's loader, which can evaluate code and here never does.
    checks: { eval: false },
    output: {
      dir: directory,
      format: 'esm',
      chunkFileNames: '[name]-[hash].js',
      // Less text starts faster; names stay, for those who report a stack.
      minify: { compress: false, mangle: false, codegen: { removeWhitespace: true } },
    },
  });
  copyWasm(directory);
  markBuilt('cli');
}

/** The library: what `tsc` makes of src, the CLI left out. */
export function buildLib() {
  const directory = join(ROOT, 'dist/lib');
  rmSync(directory, { recursive: true, force: true });
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin/tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', 'tsconfig.lib.json'], {
    cwd: ROOT,
    stdio: 'inherit',
  });
  if (status !== 0) throw new Error('tsc found errors');
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
