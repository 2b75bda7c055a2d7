// The sources that are mutated and the tests that should notice, read once: others may edit them while a run goes on.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

export const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The model: what a kernel does, then what tests are seen through. Layouts and encodings have property tests of their own. */
const TARGETS = [
  /^src\/kernel\/(mm|fs)\//,
  /^src\/kernel\/(fork|exit|fault|uaccess|slab|locks|kernel|routine)\.ts$/,
  /^src\/kernel\/facts\/(?!define)/,
  /^src\/run\/(observe|outcome|finish|value)\.ts$/,
  /^src\/litmus\/lower\//,
];

/** All files under a directory of the repository with an ending, as sorted paths relative to its root. */
function filesUnder(directory, ending) {
  return readdirSync(join(ROOT, directory), { recursive: true })
    .map((name) => relative(ROOT, join(ROOT, directory, name)))
    .filter((path) => path.endsWith(ending) && statSync(join(ROOT, path)).isFile())
    .sort();
}

function read(paths) {
  return new Map(paths.map((path) => [path, readFileSync(join(ROOT, path), 'utf8')]));
}

/** Path to text of everything under src/. */
export function readSources() {
  return read(filesUnder('src', '.ts'));
}

/** Path to text of every litmus test. */
export function readCorpus() {
  return read(filesUnder('litmus', '.litmus'));
}

/** Path to text of what makes and runs mutants. */
export function readTools() {
  return read(filesUnder('scripts/mutate', '.mjs'));
}

/**
 * Paths of the files to mutate.
 * @param only files, folders or parts of paths, with commas between; without it, all of the model
 */
export function targets(sources, only) {
  const paths = [...sources.keys()];
  if (only !== undefined) {
    const wanted = only.split(',').map((part) => part.replace(/^\.\//, ''));
    return paths.filter((path) => wanted.some((part) => path.includes(part)));
  }
  return TARGETS.flatMap((target) => paths.filter((path) => target.test(path)));
}

/** What runs a test; the rest of src/ cannot matter to one. */
const ENGINE = /^src\/(kernel|run|litmus|c|explore)\//;

/** Changes when what runs tests does. */
export function digestOfEngine(sources, ...more) {
  return digest(new Map([...sources].filter(([path]) => ENGINE.test(path))), ...more);
}

/** Changes when any of the texts does. */
export function digest(...maps) {
  const hash = createHash('sha256');
  for (const map of maps) for (const [path, text] of map) hash.update(`${path}\0${text}\0`);
  return hash.digest('hex').slice(0, 16);
}
