import { existsSync, readdirSync, statSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { closest } from '../c/suggest.js';
import { UsageError } from './exit.js';

const SUFFIX = '.litmus';

/** Every `*.litmus` below a directory (a pipe of this name would be waited for), sorted by path so that runs can be compared. */
function searched(directory: string): string[] {
  const found: string[] = [];
  const entries = readdirSync(directory, { withFileTypes: true });
  for (const entry of entries) {
    const path = join(directory, entry.name);
    if (entry.isDirectory()) found.push(...searched(path));
    else if (entry.name.endsWith(SUFFIX) && (entry.isFile() || entry.isSymbolicLink())) found.push(path);
  }
  return found.toSorted();
}

function missing(path: string, cwd: string): UsageError {
  const directory = resolve(cwd, dirname(path));
  const siblings = existsSync(directory)
    ? readdirSync(directory).map((name) => join(dirname(path), name))
    : [];
  const near = closest(path, siblings);
  return new UsageError(
    `${path}: no such file or directory${near === undefined ? '' : `; did you mean '${near}'?`}`,
  );
}

/**
 * The files that arguments stand for: a file is itself, a directory all `*.litmus` below it. Each is named once, as
 * the user would name it from where they are.
 *
 * @throws {UsageError} if an argument does not exist or a directory holds no test.
 */
export function findTests(paths: readonly string[], cwd: string): string[] {
  const files = new Set<string>();
  for (const path of paths) {
    const absolute = resolve(cwd, path);
    const stat = statSync(absolute, { throwIfNoEntry: false });
    if (stat === undefined) throw missing(path, cwd);
    if (!stat.isDirectory()) {
      files.add(path);
      continue;
    }
    const found = searched(absolute).map((file) => join(path, relative(absolute, file)));
    if (found.length === 0) throw new UsageError(`${path}: no *${SUFFIX} file in this directory`);
    for (const file of found) files.add(file);
  }
  return [...files];
}

/** The directory of the package, whether this module runs from `src/cli` or bundled in `dist/cli`. */
export const PACKAGE_ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Where tests are looked for if no path is given: `litmus` here, else the corpus that pfnmap brings along. */
export function corpus(cwd: string): string {
  const own = relative(cwd, join(PACKAGE_ROOT, 'litmus'));
  return existsSync(join(cwd, 'litmus')) ? 'litmus' : own;
}
