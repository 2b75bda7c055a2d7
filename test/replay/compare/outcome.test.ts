import { expect, test } from 'vitest';
import { machineOutcome } from '../../../src/replay/compare/outcome.js';
import { compile } from '../../../src/run/boot.js';
import { factsOf } from '../../../src/run/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';
import { litmus } from '../../run/support.js';

const THREADS = `P0()
{
        int fd = open("/dev/demo", O_RDWR);
        char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE, fd, 0);
        char *q = p;
        long a = follow_pfnmap(p);
}`;

/** What the model would print for a machine's line, and whether the condition holds. */
function read(text: string, condition: string): string | undefined {
  const parsed = parseLitmus({ file: 't.litmus', text: litmus({ threads: THREADS, condition }) }, grammar);
  const { mem } = compile(parsed, factsOf('x86_64', '7.2'), 4);
  const outcome = machineOutcome(text, parsed, mem);
  return outcome && `${outcome.positive ? '+' : '-'} ${outcome.text}`;
}

test('frames print by region, RAM by its kind', () => {
  const condition = 'exists (0:pfn(p) = buf + 1 /\\ 0:vm_normal_page(p) = NULL)';
  expect(read('0:pfn.p=f:buf+1;0:vm_normal_page.p=null;', condition)).toBe(
    '+ 0:pfn.p=buf.1; 0:vm_normal_page.p=NULL;',
  );
  expect(read('0:pfn.p=f:pool+3;0:vm_normal_page.p=f:pool+3;', condition)).toBe(
    '- 0:pfn.p=ram; 0:vm_normal_page.p=ram;',
  );
});

test('tables of the machine are as many of the model, in what is printed', () => {
  const memory = 'reserved buf = 2 pages; mmio bar = 4 * PTRS_PER_PTE pages;';
  const text = litmus({
    memory,
    threads: THREADS,
    condition: 'exists (0:pfn(p) = bar + 3 * PTRS_PER_PTE + 1)',
  });
  const parsed = parseLitmus({ file: 't.litmus', text }, grammar);
  const { mem } = compile(parsed, factsOf('x86_64', '7.2'), 4);
  const seen = (line: string) => machineOutcome(line, parsed, mem);
  expect(seen('0:pfn.p=f:bar+1537;')).toMatchObject({ text: '0:pfn.p=bar.13;', positive: true });
  expect(seen('0:pfn.p=f:bar+13;')).toMatchObject({ text: '0:pfn.p=bar.13;', positive: false });
});

test('a frame from elsewhere is RAM, and no frame that the outcome names', () => {
  expect(read('0:pfn.p=f:?0;', 'exists (0:pfn(p) = pool \\/ 0:pfn(p) = buf)')).toMatch(/0:pfn\.p=ram;$/);
  const both = 'exists (0:pfn(p) = 0:vm_normal_page(p))';
  expect(read('0:pfn.p=f:?0;0:vm_normal_page.p=f:pool+0;', both)).toMatch(/^-/);
  expect(read('0:pfn.p=f:?0;0:vm_normal_page.p=f:?0;', both)).toMatch(/^\+/);
});

test('an integer that is a pfn equals the region', () => {
  expect(read('0:a=r:buf+0;', 'exists (0:a = buf)')).toMatch(/^\+/);
  expect(read('0:a=i:-22;', 'exists (0:a = -EINVAL)')).toBe('+ 0:a=-22; # -EINVAL');
});

test('addresses never show, errors in pointers do', () => {
  expect(read('0:p=a:@4096;0:q=a:@4096;', 'exists (0:p = 0:q)')).toBe('+ 0:p=addr; 0:q=addr;');
  expect(read('0:p=a:-12;0:q=a:0;', 'exists (0:p = -ENOMEM /\\ 0:q = NULL)')).toBe(
    '+ 0:p=-12; 0:q=NULL; # -ENOMEM',
  );
});

test('a dead process and a missing register', () => {
  expect(read('0:pfn.p=dead;', 'exists (0:pfn(p) = dead)')).toBe('+ 0:pfn.p=dead;');
  expect(read('', 'exists (0:pfn(p) = none)')).toBe('+ 0:pfn.p=none;');
});

test('a filter drops outcomes', () => {
  expect(read('0:a=i:1;', 'filter (0:a = 0) exists (0:a = 0)')).toBeUndefined();
});

test('memory types are words, and no numbers', () => {
  expect(read('0:cache.p=t:wc;', 'exists (0:cache(p) = wc)')).toBe('+ 0:cache.p=wc;');
  expect(read('0:cache.p=t:uc_minus;', 'exists (0:cache(p) = uc)')).toBe('- 0:cache.p=uc_minus;');
  expect(read('0:cache.p=none;', 'exists (0:cache(p) = none)')).toBe('+ 0:cache.p=none;');
});
