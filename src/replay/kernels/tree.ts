import { copyFile, mkdir, readdir, readFile } from 'node:fs/promises';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { writeWhole } from '../cache.js';
import { exec, execText } from '../exec.js';

/** Debian's headers and build tools, unpacked somewhere else than where they belong. */

/** Unpacks a .deb below `directory`; with `part`, only that part of it. */
export async function unpack(deb: string, directory: string, part?: string): Promise<void> {
  await mkdir(directory, { recursive: true });
  const script = 'set -o pipefail; dpkg-deb --fsys-tarfile "$1" | tar -x -C "$2" ${3:+"$3"}';
  await exec('bash', ['-c', script, 'unpack', deb, directory, part ?? '']);
}

/** `text` with the paths below /usr/src of a Makefile moved below `tree`; paths moved before stay. */
export function moveSources(text: string, tree: string): string {
  return text.replace(/([= ])\/usr\/src\//g, `$1${tree}/usr/src/`);
}

/** Headers name each other by absolute paths. */
export async function relocateHeaders(tree: string): Promise<void> {
  const sources = join(tree, 'usr/src');
  for (const name of await readdir(sources)) {
    for (const file of ['Makefile', '.kernelvariables'].map((one) => join(sources, name, one))) {
      if (!name.startsWith('linux-headers-') || !existsSync(file)) continue;
      const text = await readFile(file, 'utf8');
      const moved = moveSources(text, tree);
      if (moved !== text) await writeWhole(file, moved);
    }
  }
}

/** Suffix of a program whose name a wrapper has taken. */
const WRAPPED = '.elf';

/** A script that runs `program` with the C library in `libc`, under the name it was called by. */
export function wrapper(program: string, libc: string, libraries: readonly string[]): string {
  const path = [libc, ...libraries].join(':');
  const loader = libc.endsWith('/aarch64-linux-gnu') ? 'ld-linux-aarch64.so.1' : 'ld-linux-x86-64.so.2';
  return `#!/bin/sh\nexec '${libc}/${loader}' --argv0 "$0" --library-path '${path}' '${program}' "$@"\n`;
}

async function isElf(file: string): Promise<boolean> {
  const bytes = await readFile(file);
  return bytes.length > 4 && bytes.readUInt32BE(0) === 0x7f454c46;
}

/** The programs of a tree that this machine's C library is too old for. */
async function tooNew(tree: string): Promise<string[]> {
  const listed = await execText('find', [
    join(tree, 'usr/lib'),
    '-path',
    '*/linux-kbuild-*',
    '-type',
    'f',
    '-perm',
    '/100',
  ]);
  const found: string[] = [];
  for (const file of listed.split('\n').filter((name) => name !== '' && !name.endsWith(WRAPPED))) {
    if (!(await isElf(file))) continue;
    const missing = await execText('bash', ['-c', 'ldd "$1" 2>&1 || true', 'ldd', file]);
    if (/version `GLIBC_[^']*' not found/.test(missing)) found.push(file);
  }
  return found;
}

/**
 * Makes the build tools run on a machine whose C library is older than theirs, with the one that `libc` gives: the
 * directory with the loader of a newer libc6. It is asked only if there is need.
 */
export async function wrapTools(tree: string, libc: () => Promise<string>): Promise<void> {
  const programs = await tooNew(tree);
  if (programs.length === 0) return;
  const newer = await libc();
  const triplet = newer.split('/').at(-1)!;
  const libraries = [`/lib/${triplet}`, `/usr/lib/${triplet}`];
  for (const program of programs) {
    await copyFile(program, program + WRAPPED);
    await writeWhole(program, wrapper(program + WRAPPED, newer, libraries), 0o755);
  }
}
