import { expect, test } from 'vitest';
import { translate, Untranslatable } from '../../../src/replay/translate/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';
import { litmus } from '../../run/support.js';

const THREADS = `P0()
{
        int fd = open("/dev/demo", O_RDWR);
        char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_SHARED, fd, 0);
}`;

/** The program of a test with this condition, or why a machine cannot run it. */
function program(condition: string, arch = 'x86_64', release = '7.2'): string {
  const test = parseLitmus({ file: 'd/t.litmus', text: litmus({ threads: THREADS, condition }) }, grammar);
  try {
    return translate(test, 7, arch, release).program;
  } catch (error) {
    if (!(error instanceof Untranslatable)) throw error;
    return error.message;
  }
}

test('the type of an entry is read on x86 from 7.2 on', () => {
  expect(program('exists (0:cache(p) = wc)')).toContain('lit_of_address("cache"');
  expect(program('exists (0:cache(p) = wc)', 'x86_64', '6.12')).toMatch(/may leave them reserved/);
  expect(program('exists (0:cache(p) = wc)', 'arm64')).toMatch(/only those of x86/);
});

test('types of all entries are not', () => {
  expect(program('exists (mixed_types())')).toMatch(/mixed_types/);
});
