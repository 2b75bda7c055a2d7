import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  cacheRoot,
  contentHash,
  directoryOnce,
  filesHash,
  readJson,
  writeJson,
  writeWhole,
} from '../../src/replay/cache.js';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pfnmap-test-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('the cache', () => {
  test('is where the user says, or in the home directory', () => {
    expect(cacheRoot({ PFNMAP_CACHE: '/c', HOME: '/h' })).toBe('/c');
    expect(cacheRoot({ HOME: '/h' })).toBe('/h/.cache/pfnmap');
    expect(cacheRoot({ PFNMAP_CACHE: '', HOME: '/h' })).toBe('/h/.cache/pfnmap');
  });

  test('names contents by what they are', () => {
    expect(contentHash('ab', 'c')).not.toBe(contentHash('a', 'bc'));
    expect(filesHash({ a: '1', b: '2' })).toBe(filesHash({ b: '2', a: '1' }));
    expect(filesHash({ a: '1', b: '2' })).not.toBe(filesHash({ a: '2', b: '1' }));
    expect(filesHash({ a: '1' }, 'x')).not.toBe(filesHash({ a: '1' }));
    expect(contentHash('a')).toMatch(/^[0-9a-f]{24}$/);
  });

  test('writes a file whole, with its mode', async () => {
    const path = join(directory, 'a/b');
    await writeWhole(path, 'text', 0o755);
    expect(readFileSync(path, 'utf8')).toBe('text');
    expect(statSync(path).mode & 0o111).not.toBe(0);
    expect(readdirSync(join(directory, 'a'))).toEqual(['b']);
  });

  test('keeps JSON, and takes half of it for none', async () => {
    const path = join(directory, 'x.json');
    expect(await readJson(path)).toBeUndefined();
    await writeJson(path, { a: [1] });
    expect(await readJson(path)).toEqual({ a: [1] });
    writeFileSync(path, '{"a": [1');
    expect(await readJson(path)).toBeUndefined();
  });
});

describe('a directory that is made once', () => {
  const fill = async (work: string): Promise<void> => writeFileSync(join(work, 'file'), 'full');

  test('is not made again', async () => {
    const path = join(directory, 'sub/once');
    await directoryOnce(path, fill);
    await directoryOnce(path, () => Promise.reject(new Error('made twice')));
    expect(readFileSync(join(path, 'file'), 'utf8')).toBe('full');
  });

  test('has its name only when it is full', async () => {
    const path = join(directory, 'once');
    const failing = directoryOnce(path, async (work) => {
      await fill(work);
      throw new Error('interrupted');
    });
    await expect(failing).rejects.toThrow('interrupted');
    expect(existsSync(path)).toBe(false);
    expect(readdirSync(directory)).toEqual([]);
    await directoryOnce(path, fill);
    expect(readdirSync(path)).toEqual(['file']);
  });

  test('may be made by two at a time', async () => {
    const path = join(directory, 'once');
    await Promise.all([directoryOnce(path, fill), directoryOnce(path, fill)]);
    expect(readdirSync(directory)).toEqual(['once']);
  });
});
