import type { BootFile } from '../types.js';

/**
 * The archive format of an initramfs ("newc": a header of 8-digit hexadecimal fields, then name and data, each padded
 * to 4 bytes), see Documentation/driver-api/early-userspace/buffer-format.rst.
 */

const MAGIC = '070701';
const TRAILER = 'TRAILER!!!';
const HEADER = 110;

const TYPE = { directory: 0o040000, file: 0o100000, character: 0o020000 } as const;

interface Entry {
  readonly name: string;
  readonly mode: number;
  readonly data?: Uint8Array;
  readonly device?: readonly [major: number, minor: number];
}

const padded = (length: number): number => (length + 3) & ~3;

function encode(entry: Entry, inode: number): Uint8Array {
  const name = new TextEncoder().encode(`${entry.name}\0`);
  const data = entry.data ?? new Uint8Array();
  const [major, minor] = entry.device ?? [0, 0];
  const links = (entry.mode & 0o170000) === TYPE.directory ? 2 : 1;
  // ino mode uid gid nlink mtime filesize devmajor devminor rdevmajor rdevminor namesize check
  const fields = [inode, entry.mode, 0, 0, links, 0, data.length, 0, 0, major, minor, name.length, 0];
  const header = MAGIC + fields.map((field) => field.toString(16).padStart(8, '0')).join('');
  const dataAt = padded(HEADER + name.length);
  const bytes = new Uint8Array(dataAt + padded(data.length));
  bytes.set(new TextEncoder().encode(header));
  bytes.set(name, HEADER);
  bytes.set(data, dataAt);
  return bytes;
}

/** `a`, `a/b` for `a/b/c`. */
function parents(path: string): string[] {
  const parts = path.split('/').slice(0, -1);
  return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
}

function checkPath(path: string): void {
  const parts = path.split('/');
  if (parts.some((part) => part === '' || part === '.' || part === '..') || path.includes('\0')) {
    throw new RangeError(`'${path}' is no path inside an initramfs`);
  }
}

/**
 * An uncompressed newc archive of `files` with their directories, and of /dev/console, without which init has no
 * standard output. The same files give the same bytes.
 * @throws RangeError if a path is absolute, has `.` or `..`, or comes twice
 */
export function cpio(files: readonly BootFile[]): Uint8Array {
  const entries = new Map<string, Entry>();
  const directory = (name: string): void => {
    if (!entries.has(name)) entries.set(name, { name, mode: TYPE.directory | 0o755 });
  };
  directory('dev');
  entries.set('dev/console', { name: 'dev/console', mode: TYPE.character | 0o600, device: [5, 1] });
  for (const { path, data, mode } of files) {
    checkPath(path);
    parents(path).forEach(directory);
    if (entries.has(path)) throw new RangeError(`'${path}' comes twice in an initramfs`);
    entries.set(path, { name: path, mode: TYPE.file | (mode ?? 0o755), data });
  }
  const parts = [...entries.values(), { name: TRAILER, mode: 0 }].map((entry, index) => encode(entry, index));
  return Buffer.concat(parts);
}

/** A file, directory or device of an archive, as {@link readCpio} finds it. */
export interface CpioEntry {
  readonly path: string;
  readonly mode: number;
  readonly data: Uint8Array;
  readonly device: readonly [major: number, minor: number];
}

/**
 * The entries of a newc archive.
 * @throws RangeError if the bytes are none
 */
export function readCpio(archive: Uint8Array): CpioEntry[] {
  const text = (from: number, to: number): string => Buffer.from(archive.subarray(from, to)).toString();
  const entries: CpioEntry[] = [];
  for (let at = 0; ;) {
    const header = text(at, at + HEADER);
    if (!header.startsWith(MAGIC) || header.length < HEADER) throw new RangeError(`no newc header at ${at}`);
    const field = (index: number): number => Number.parseInt(header.slice(6 + 8 * index, 14 + 8 * index), 16);
    const [size, nameSize] = [field(6), field(11)];
    const path = text(at + HEADER, at + HEADER + nameSize - 1);
    if (path === TRAILER) return entries;
    const dataAt = at + padded(HEADER + nameSize);
    entries.push({
      path,
      mode: field(1),
      data: archive.subarray(dataAt, dataAt + size),
      device: [field(9), field(10)],
    });
    at = dataAt + padded(size);
  }
}
