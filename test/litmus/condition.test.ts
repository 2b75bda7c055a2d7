import { describe, expect, test } from 'vitest';
import { observables } from '../../src/litmus/observables.js';
import { printCondition, printProp } from '../../src/litmus/print.js';
import { mapping, sample } from '../../src/litmus/codes/sample.js';
import type { LitmusTest } from '../../src/litmus/ast.js';
import { codes, parse, shown } from './diagnose.js';

const DRIVER = `struct dev { int count; int slot[2]; };
static int state;
static struct dev dev;
#define MAGIC (BASE + 0x2)
#define BASE 40
#define ODD state
#define LOOP LOOP
enum { IDLE, BUSY = 4, DONE };`;
const THREADS = `P0()
{
	int a, b, pid;
	char *p = mmap(NULL, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pid = fork();
}`;

function text(clause: string): string {
  return sample({
    memory: '{ ram pool = 4 pages; reserved buf = 2 pages; resource part = buf[1]; }',
    driver: DRIVER,
    threads: THREADS,
    clause,
  });
}

const load = (clause: string): LitmusTest => parse(text(clause));
const canonical = (prop: string): string => printCondition(load(`exists ${prop}`).condition!);

describe('precedence', () => {
  test.each([
    ['0:a = 0 \\/ 0:a = 1 /\\ 0:b = 1', 'exists (0:a = 0 \\/ 0:a = 1 /\\ 0:b = 1)'],
    ['(0:a = 0 \\/ 0:a = 1) /\\ 0:b = 1', 'exists ((0:a = 0 \\/ 0:a = 1) /\\ 0:b = 1)'],
    ['~ 0:a = 0 /\\ 0:b = 1', 'exists (~(0:a = 0) /\\ 0:b = 1)'],
    ['~(0:a = 0 /\\ 0:b = 1)', 'exists (~(0:a = 0 /\\ 0:b = 1))'],
    ['~0:vma_flags(p) & IO /\\ leaked()', 'exists (~(0:vma_flags(p) & IO) /\\ leaked())'],
    ['~~leaked()', 'exists (~~leaked())'],
    ['0:a = 0 /\\ (0:a = 1 /\\ 0:b = 1)', 'exists (0:a = 0 /\\ 0:a = 1 /\\ 0:b = 1)'],
    ['0:a = 1 + 2 * 3 << 4', 'exists (0:a = 1 + 2 * 3 << 4)'],
    ['0:a = (1 + 2) * (3 - (4 - 5))', 'exists (0:a = (1 + 2) * (3 - (4 - 5)))'],
    ['0:a = 1 - 2 - 3', 'exists (0:a = 1 - 2 - 3)'],
    ['0:a = -EINVAL', 'exists (0:a = -EINVAL)'],
    ['0:a = -(1 + 2)', 'exists (0:a = -(1 + 2))'],
    ['0:a=0x1F', 'exists (0:a = 0x1f)'],
    ['0:a = 18446744073709551615', 'exists (0:a = 18446744073709551615)'],
  ])('%s', (prop, expected) => {
    expect(canonical(`(${prop})`)).toBe(expected);
    expect(canonical(prop)).toBe(expected);
    expect(canonical(expected.slice('exists '.length))).toBe(expected);
  });
});

describe('terms', () => {
  test.each([
    '0:a = 0:b',
    '0:c1.a != 0:c1.c2.a',
    '0:vm_normal_page(p) = NULL',
    '0:c1.vm_normal_page(p) = none',
    '0:pfn(p + 2 * PAGE_SIZE) = buf + 1',
    '0:present(arena + PAGE_SIZE) = dead',
    'mem(buf + 1) = MAGIC',
    'refcount(0:pfn(p)) >= 1',
    'mapcount(part) = IDLE',
    '0:signal = SIGBUS',
    '0:c1.rss_anon < 2',
    '0:bad_rss = 1',
    '0:bad_rss_anon = -1',
    'bug(vmf_insert_pfn)',
    'warned(vm_insert_page) \\/ undefined(use_after_free)',
    'bad_map() > 0',
    'bad_page() = 0',
    'deadlock()',
    'leaked() = 0',
    'state = 1',
    'dev.count = 1',
    'dev.slot[1] = 2',
    'true',
    '0:vma_flags(p) & WIPEONFORK',
  ])('%s', (prop) => {
    expect(canonical(prop)).toBe(`exists (${prop})`);
  });
});

test('constants of the driver have values', () => {
  const value = (name: string): unknown => {
    const { prop } = load(`exists state = ${name}`).condition!;
    return prop.kind === 'compare' && prop.right.kind === 'integer' ? Number(prop.right.value) : prop;
  };
  expect(['MAGIC', 'IDLE', 'BUSY', 'DONE'].map(value)).toEqual([42, 0, 4, 5]);
  expect(codes(text('exists state = ODD'))).toEqual(['PFN2057']);
  expect(codes(text('exists state = LOOP'))).toEqual(['PFN2057']);
});

test('filter and quantifiers', () => {
  const { filter, condition } = load('filter (0:a = 0 /\\ 0:b = 0)\n~exists (0:a = 1)');
  expect(printProp(filter!)).toBe('0:a = 0 /\\ 0:b = 0');
  expect(printCondition(condition!)).toBe('~exists (0:a = 1)');
  expect(load('forall 0:a = 1').condition!.quantifier).toBe('forall');
  expect(load('~ exists 0:a = 1').condition!.quantifier).toBe('~exists');
});

test('a condition is not needed', () => {
  const without = load('');
  expect(without.condition).toBeUndefined();
  expect(without.threads).toHaveLength(1);
});

describe('outcomes', () => {
  const registers = (clause: string): string[] => {
    const { filter, condition } = load(clause);
    return observables([filter, condition?.prop]).map((o) => o.register);
  };

  test('have a register for everything that is looked at, once', () => {
    expect(
      registers(
        'filter (0:b = 0) exists (0:a = 1 \\/ 0:a = 2 /\\ ~leaked() /\\ 0:vma_flags(p) & IO /\\ dev.slot[1] = state)',
      ),
    ).toEqual(['0:b', '0:a', 'leaked', '0:vma_flags.p.IO', 'dev.slot.1', 'state']);
  });

  test.each([
    ['0:c1.vm_normal_page(p) = NULL', '0:c1.vm_normal_page.p'],
    ['0:pfn(p + PAGE_SIZE) = buf', '0:pfn.p.PAGE_SIZE'],
    ['0:pfn(p - 2 * PAGE_SIZE) = buf', '0:pfn.p.minus.2.times.PAGE_SIZE'],
    ['mem(buf + 1) = 0', 'mem.buf.1'],
    ['refcount(0:pfn(p)) = 0', 'refcount.0.pfn.p'],
    ['bug(vmf_insert_pfn)', 'bug.vmf_insert_pfn'],
    ['undefined(H_1)', 'undefined.H_1'],
    ['undefined(use_after_free)', 'undefined.use_after_free'],
    ['0:c1.signal = 0', '0:c1.signal'],
  ])('%s is printed as %s', (prop, register) => {
    expect(registers(`exists ${prop}`)).toEqual([register]);
  });

  test('have registers that herd7 can read', () => {
    const all = registers(
      'exists (0:pfn((p + 1) << 2) = 0 /\\ mem(-1 * buf) = 0 /\\ refcount(0x10) = 0 /\\ refcount(0:c1.pfn(p)) = 0)',
    );
    for (const register of all) expect(register).toMatch(/^(\d+:)?[A-Za-z][A-Za-z0-9_.]*$/);
  });
});

describe('mistakes', () => {
  test('are all reported, each once', () => {
    const found = codes(
      text(
        'exists (0:zz = 1 /\\ 3:a = 0 \\/ (0:a && foo()) /\\ 0:vma_flags(p) = 3 /\\ bfu = 1 /\\ 0:present(buf) = 1)',
      ),
    );
    expect(found).toEqual([
      'PFN2051',
      'PFN2050',
      'PFN2045',
      'PFN2043',
      'PFN2053',
      'PFN2059',
      'PFN2057',
      'PFN2060',
    ]);
  });

  test('do not hide those behind them', () => {
    expect(codes(text('filter (0:a = )\nexists (0:a 1 /\\ 0:b = 0) \\/ 0:zz = 1'))).toEqual([
      'PFN2042',
      'PFN2042',
      'PFN2051',
    ]);
  });

  test.each([
    ['exists (0:p(a) = 1)', 'PFN2053'],
    ['exists (leaked)', 'PFN2054'],
    ['exists (0:leaked())', 'PFN2055'],
    ['exists (rss_anon = 1)', 'PFN2055'],
    ['exists (a = 1)', 'PFN2055'],
    ['exists (0:signal() = 1)', 'PFN2054'],
    ['exists (0:vm_normal_page = NULL)', 'PFN2054'],
    ['exists (0:x1.a = 1)', 'PFN2062'],
    ['exists (0:c0.a = 1)', 'PFN2062'],
    ['exists (0:pfn(0:p) = 1)', 'PFN2060'],
    ['exists (0:pfn(PAGE_SIZE) = 1)', 'PFN2060'],
    ['exists (0:pfn(q) = 1)', 'PFN2051'],
    ['exists (refcount(leaked()) = 1)', 'PFN2060'],
    ['exists (refcount(NULL) = 1)', 'PFN2060'],
    ['exists (bug(1))', 'PFN2060'],
    ['exists (bug(use_after_free))', 'PFN2063'],
    ['exists (undefined(use-after-free))', 'PFN2063'],
    ['exists (undefined(mmap))', 'PFN2063'],
    ['exists (warned(none))', 'PFN2063'],
    ['exists (0:a & 1)', 'PFN2059'],
    ['exists (0:vma_flags(p) & 1)', 'PFN2058'],
    ['exists (0:vma_flags(p))', 'PFN2045'],
    ['exists (0:a = NULL + 1)', 'PFN2061'],
    ['exists (0:a = 1 | 2)', 'PFN2043'],
    ['exists (P0:a = 1)', 'PFN2043'],
    ['exists (not 0:a = 1)', 'PFN2043'],
    ['exists (0:a = 1 => 0:b = 1)', 'PFN2043'],
    ['exists (0:a = 1) (* open', 'PFN2003'],
    ['exists', 'PFN2042'],
    ['exists 0:', 'PFN2042'],
    ['exists ()', 'PFN2042'],
    ['exists (0:a = 1', 'PFN2047'],
    ['exists (0:a = 1))', 'PFN2047'],
    ['exists (0:a = "x")', 'PFN2048'],
    ['exists (0:a = 0x)', 'PFN2027'],
    ['exists (0:a = 1UL)', 'PFN2027'],
    ['exists (0:a = 99999999999999999999)', 'PFN2027'],
    ['exists (0:a = 0x10000000000000000)', 'PFN2027'],
    ['exist (0:a = 1)', 'PFN2040'],
    ['Forall (0:a = 1)', 'PFN2040'],
    ['~forall (0:a = 1)', 'PFN2040'],
    ['exists (0:a = 1)\nfilter (0:a = 1)', 'PFN2049'],
    ['filter (0:a = 1)\nfilter (0:a = 1)\nexists (0:a = 1)', 'PFN2049'],
  ])('%s', (clause, code) => {
    expect(new Set(codes(text(clause)))).toEqual(new Set([code]));
  });

  test('of the driver do not make its names unknown', () => {
    const found = codes(
      sample({ driver: 'static int a b c;\nstatic int state;', clause: 'exists (stat = 1)' }),
    );
    expect(found).not.toContain('PFN2057');
    expect(found.length).toBeGreaterThan(0);
  });

  test('deep and long conditions are refused, not crashed on', () => {
    const depth = 5000;
    expect(codes(text(`exists ${'('.repeat(depth)}0:a = 0${')'.repeat(depth)}`))).toEqual(['PFN2047']);
    expect(codes(text(`exists ${'~'.repeat(depth)}leaked()`))).toEqual(['PFN2047']);
    expect(codes(text(`exists 0:a = ${'1 + '.repeat(depth)}1`))).toEqual(['PFN2047']);
    expect(codes(text(`exists ${'0:a = 1 /\\ '.repeat(depth)}0:b = 0`))).toEqual([]);
  });
});

test('a suggestion names the thread that has the variable', () => {
  const two = `${THREADS}\nP1()\n{\n\tint other = 0;\n}`;
  expect(shown(sample({ threads: two, clause: 'exists (0:other = 0)' }))).toContain('P1 has one: `1:other`');
});

test('the examples of the documentation map their device', () => {
  expect(codes(mapping('exists (0:vm_normal_page(p) = NULL)'))).toEqual([]);
});
