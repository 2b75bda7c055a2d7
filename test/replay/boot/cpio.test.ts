import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { cpio, readCpio } from '../../../src/replay/boot/cpio.js';

const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const hasCpio = spawnSync('cpio', ['--version']).status === 0;

describe('an initramfs', () => {
  test('holds its files, their directories first, and a console', () => {
    const entries = readCpio(cpio([{ path: 'a/b/c', data: bytes('hello'), mode: 0o600 }]));
    expect(entries.map(({ path, mode }) => [path, mode.toString(8)])).toEqual([
      ['dev', '40755'],
      ['dev/console', '20600'],
      ['a', '40755'],
      ['a/b', '40755'],
      ['a/b/c', '100600'],
    ]);
    expect(entries[1]!.device).toEqual([5, 1]);
    expect(Buffer.from(entries[4]!.data).toString()).toBe('hello');
  });

  test('has files that may run, unless told otherwise', () => {
    expect(
      readCpio(cpio([{ path: 'init', data: bytes('') }]))
        .at(-1)!
        .mode.toString(8),
    ).toBe('100755');
  });

  test('makes a directory once', () => {
    const files = ['m/a.ko', 'm/b.ko', 'dev/kmsg'].map((path) => ({ path, data: bytes(path) }));
    const names = readCpio(cpio(files)).map(({ path }) => path);
    expect(names).toEqual(['dev', 'dev/console', 'm', 'm/a.ko', 'm/b.ko', 'dev/kmsg']);
  });

  test.each(['/init', 'a//b', '../x', 'a/./b', '', 'a/', 'a\0b', 'init', 'dev/console', 'dev'])(
    'refuses the path %j beside init',
    (path) => {
      const files = [
        { path: 'init', data: bytes('') },
        { path, data: bytes('') },
      ];
      expect(() => cpio(files)).toThrow(RangeError);
    },
  );

  test('has 110-byte headers and everything at multiples of 4', () => {
    const archive = Buffer.from(cpio([{ path: 'init', data: bytes('12345') }]));
    expect(archive.length % 4).toBe(0);
    expect(archive.subarray(0, 6).toString()).toBe('070701');
    const at = archive.indexOf('init\0');
    expect((at - 110) % 4).toBe(0);
    expect(archive.subarray(at + 6, at + 11).toString()).toBe('12345');
    expect(archive.includes('TRAILER!!!')).toBe(true);
  });

  test('gives back any contents', () => {
    const name = fc.stringMatching(/^[a-z]{1,9}$/).map((text) => `x/${text}`);
    const file = fc.record({ path: name, data: fc.uint8Array({ maxLength: 40 }) });
    fc.assert(
      fc.property(fc.uniqueArray(file, { selector: ({ path }) => path }), (files) => {
        const read = readCpio(cpio(files)).filter(({ path }) => path.startsWith('x/'));
        expect(read.map(({ path, data }) => ({ path, data: new Uint8Array(data) }))).toEqual(files);
      }),
    );
  });

  test('is what the cpio program takes, where there is one', () => {
    const archive = cpio([
      { path: 'bin/tool', data: bytes('#!\n'), mode: 0o755 },
      { path: 'text', data: bytes('abc'), mode: 0o640 },
    ]);
    if (!hasCpio) return expect(readCpio(archive)).toHaveLength(5);
    const directory = mkdtempSync(join(tmpdir(), 'pfnmap-cpio-'));
    try {
      const listed = execFileSync('cpio', ['-t', '--quiet'], { input: archive }).toString();
      expect(listed.trim().split('\n')).toEqual(['dev', 'dev/console', 'bin', 'bin/tool', 'text']);
      // Making a device takes rights, so the console stays out.
      execFileSync('cpio', ['-id', '--quiet', 'bin/tool', 'text'], { input: archive, cwd: directory });
      expect(readFileSync(join(directory, 'text'), 'utf8')).toBe('abc');
      expect(statSync(join(directory, 'bin/tool')).mode & 0o777).toBe(0o755);
    } finally {
      rmSync(directory, { recursive: true });
    }
  });

  test('is not read from other bytes', () => {
    expect(() => readCpio(bytes('070707'))).toThrow(RangeError);
    expect(() => readCpio(cpio([]).subarray(0, 200))).toThrow(RangeError);
  });
});
