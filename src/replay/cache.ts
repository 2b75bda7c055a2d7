import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** Where downloads and builds are kept: `PFNMAP_CACHE`, or `~/.cache/pfnmap`. */
export function cacheRoot(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return env.PFNMAP_CACHE || join(env.HOME || homedir(), '.cache', 'pfnmap');
}

/** A name for contents: the first 24 hexadecimal digits of their SHA-256. */
export function contentHash(...contents: readonly (string | Uint8Array)[]): string {
  const hash = createHash('sha256');
  // Lengths keep ('ab', 'c') apart from ('a', 'bc').
  for (const content of contents) hash.update(`${content.length}:`).update(content);
  return hash.digest('hex').slice(0, 24);
}

/** {@link contentHash} of named files, in whatever order they come. */
export function filesHash(files: Readonly<Record<string, string>>, ...more: readonly string[]): string {
  const names = Object.keys(files).sort();
  return contentHash(...names.flatMap((name) => [name, files[name]!]), ...more);
}

let attempts = 0;

/** A name beside `path` that nobody else uses. */
function partialName(path: string): string {
  attempts += 1;
  return `${path}.${process.pid}-${attempts}.partial`;
}

/** Writes a file so that a reader, or an interruption, never meets half of it. */
export async function writeWhole(path: string, data: string | Uint8Array, mode = 0o644): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const partial = partialName(path);
  await writeFile(partial, data, { mode });
  await rename(partial, path);
}

/**
 * Makes the directory `path` with `fill`, which gets a directory to fill, unless it is there. Only a full directory
 * ever has the name `path`.
 */
export async function directoryOnce(path: string, fill: (work: string) => Promise<void>): Promise<string> {
  if (existsSync(path)) return path;
  const work = partialName(path);
  await mkdir(work, { recursive: true });
  try {
    await fill(work);
    await rename(work, path);
  } catch (error) {
    await rm(work, { recursive: true, force: true });
    // Somebody else may have been faster: that directory is as good.
    if (!existsSync(path)) throw error;
  }
  return path;
}

/** The JSON in a file, or undefined if there is no such file or it holds something else. */
export async function readJson<T>(path: string): Promise<T | undefined> {
  try {
    return JSON.parse(await readFile(path, 'utf8')) as T;
  } catch {
    return undefined;
  }
}

/** Writes JSON for people and programs. */
export async function writeJson(path: string, value: unknown): Promise<void> {
  await writeWhole(path, `${JSON.stringify(value, undefined, 2)}\n`);
}
