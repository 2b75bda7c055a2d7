import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit.js';
import { corpus, findTests } from '../../src/cli/files.js';

const dir = mkdtempSync(join(tmpdir(), 'pfnmap-files-'));
for (const name of [
  'litmus/b/z.litmus',
  'litmus/a.litmus',
  'litmus/b/y.litmus',
  'litmus/notes.txt',
  'empty/x.c',
]) {
  mkdirSync(join(dir, name, '..'), { recursive: true });
  writeFileSync(join(dir, name), '');
}
afterAll(() => rmSync(dir, { recursive: true }));

test('directories are searched all the way down, sorted, and files named as they were', () => {
  expect(findTests(['litmus'], dir)).toEqual(['litmus/a.litmus', 'litmus/b/y.litmus', 'litmus/b/z.litmus']);
  expect(findTests(['.'], join(dir, 'litmus'))).toEqual(['a.litmus', 'b/y.litmus', 'b/z.litmus']);
});

test('a file is taken whatever its name, and each only once', () => {
  expect(findTests(['empty/x.c', 'litmus/b', 'litmus/b/y.litmus'], dir)).toEqual([
    'empty/x.c',
    'litmus/b/y.litmus',
    'litmus/b/z.litmus',
  ]);
});

test('what is not there is a mistake, with a guess', () => {
  expect(() => findTests(['litmus/c.litmus'], dir)).toThrow(
    new UsageError("litmus/c.litmus: no such file or directory; did you mean 'litmus/a.litmus'?"),
  );
  expect(() => findTests(['nowhere/at/all'], dir)).toThrow(/no such file or directory$/);
});

test('a directory without tests is a mistake', () => {
  expect(() => findTests(['empty'], dir)).toThrow('empty: no *.litmus file in this directory');
});

test.runIf(process.platform !== 'win32')('a pipe in a directory is no test: nobody writes to it', () => {
  execFileSync('mkfifo', [join(dir, 'empty/pipe.litmus')]);
  symlinkSync(join(dir, 'litmus/a.litmus'), join(dir, 'empty/link.litmus'));
  expect(findTests(['empty'], dir)).toEqual(['empty/link.litmus']);
});

test('the corpus is the one here, else the one of the package', () => {
  expect(corpus(dir)).toBe('litmus');
  expect(corpus(join(dir, 'empty'))).toMatch(/^\.\..*litmus$/);
});
