import { describe, expect, test } from 'vitest';
import { withMemory } from '../../src/litmus/codes/sample.js';
import type { MemoryBlock } from '../../src/litmus/ast.js';
import { regionPages } from '../../src/litmus/region-size.js';
import { codes, parse } from './diagnose.js';

function block(...lines: string[]): MemoryBlock {
  return parse(withMemory(...lines)).memory;
}

/** The tree without spans, which would only repeat the text. */
function plain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (key, v: unknown) =>
      key === 'span' || key.endsWith('Span') ? undefined : typeof v === 'bigint' ? Number(v) : v,
    ),
  );
}

describe('the memory block', () => {
  test('declares regions', () => {
    const { regions } = block(
      'ram pool = 8 pages; // of the allocator',
      'reserved buf = 1 page; /* RAM */',
      'mmio bar = 0x10 pages high; (* no struct page *)',
      'device dev_mem = 2 pages;',
    );
    expect(plain(regions)).toEqual([
      { kind: 'ram', name: 'pool', pages: 8 },
      { kind: 'reserved', name: 'buf', pages: 1 },
      { kind: 'mmio', name: 'bar', pages: 16, placement: 'high' },
      { kind: 'device', name: 'dev_mem', pages: 2 },
    ]);
  });

  test('declares regions as large as page tables', () => {
    const { regions } = block(
      'mmio pmd = 2 * PTRS_PER_PTE pages;',
      'mmio pud = PTRS_PER_PTE * PTRS_PER_PMD pages;',
      'mmio more = PTRS_PER_PTE + 1 pages;',
      'mmio plain = 2 * 3 pages;',
    );
    expect(plain(regions)).toMatchObject([{ pages: 8 }, { pages: 16 }, { pages: 5 }, { pages: 6 }]);
    const pages = (ptrs: number): number[] => regions.map((r) => regionPages(r, ptrs));
    expect([pages(2), pages(512)]).toEqual([
      [4, 4, 3, 6],
      [1024, 262144, 513, 6],
    ]);
    expect(codes(withMemory('mmio bar = 9000 * PTRS_PER_PTE pages;'))).toEqual(['PFN2016']);
    expect(codes(withMemory('mmio bar = 2 * PMD_SIZE pages;'))).toEqual(['PFN2013']);
  });

  test('a frame of such a region is there with the smallest tables, too', () => {
    expect(codes(withMemory('mmio bar = PTRS_PER_PTE pages;', 'bar[1] = 1;'))).toEqual([]);
    expect(codes(withMemory('mmio bar = PTRS_PER_PTE pages;', 'bar[2] = 1;'))).toEqual(['PFN2021']);
  });

  test('declares regions with literal pfns, both ends included', () => {
    const { regions } = block('ram 0..7;', 'mmio bar = 0x100..0x10f io;', 'reserved one = 9..9;');
    expect(plain(regions)).toEqual([
      { kind: 'ram', first: 0, pages: 8 },
      { kind: 'mmio', name: 'bar', first: 0x100, pages: 16, placement: 'io' },
      { kind: 'reserved', name: 'one', first: 9, pages: 1 },
    ]);
  });

  test('declares resources and contents', () => {
    const { resources, contents } = block(
      'mmio bar = 4 pages;',
      'resource window = bar[1..3];',
      'resource page0 = bar[0];',
      'bar[3] = 0xff;',
      'bar[0] = -1;',
    );
    expect(plain(resources)).toEqual([
      { name: 'window', region: 'bar', first: 1, last: 3 },
      { name: 'page0', region: 'bar', first: 0, last: 0 },
    ]);
    expect(plain(contents)).toEqual([
      { region: 'bar', index: 3, value: 255 },
      { region: 'bar', index: 0, value: -1 },
    ]);
  });

  test('sets options', () => {
    const { options, faultsAlloc } = block(
      'option DEBUG_VM;',
      'option remap_cow_partial = no;',
      'option limit = -3;',
      'option mode = fast;',
      'faults alloc;',
    );
    expect(options.map((o) => [o.name, o.value])).toEqual([
      ['DEBUG_VM', true],
      ['remap_cow_partial', false],
      ['limit', -3],
      ['mode', 'fast'],
    ]);
    expect(faultsAlloc).toBe(true);
    expect(block('option faults alloc;').faultsAlloc).toBe(true);
    expect(block('').faultsAlloc).toBe(false);
  });

  test.each(['threads P0 P1;', 'option threads P0 P1;', 'option threads = P0, P1;'])(
    'joins threads: %s',
    (line) => {
      const text = withMemory(line).replace('exists', 'P1()\n{\n\tint y = 0;\n}\nexists');
      expect(parse(text).memory.threadGroups.map((g) => g.threads.map((t) => t.index))).toEqual([[0, 1]]);
    },
  );

  test('gives joined threads their children in common', () => {
    const forking = 'P1()\n{\n\tint y = fork();\n}\nexists (0:c1.x = 0)';
    const text = (line: string): string => withMemory(line).replace(/exists.*/, forking);
    expect(codes(text('threads P0 P1;'))).toEqual([]);
    expect(codes(text(''))).toEqual(['PFN2062']);
  });

  test.each([
    ['ram pool = pages;', 'PFN2013'],
    ['ram = 4 pages;', 'PFN2013'],
    ['ram 5 pages;', 'PFN2013'],
    ['ram pool 4 pages;', 'PFN2013'],
    ['ram pool = 4;', 'PFN2013'],
    ['ram pool = 4 bytes;', 'PFN2013'],
    ['ram pool = -4 pages;', 'PFN2013'],
    ['= 4;', 'PFN2013'],
    ['option = 4;', 'PFN2013'],
    ['resource r = pool;', 'PFN2013'],
    ['faults;', 'PFN2013'],
    ['pool[0] 3;', 'PFN2013'],
    ['int x = 3;', 'PFN2012'],
    ['mmio bar = 1 page hihg;', 'PFN2023'],
    ['ram pool = 4096000 pages;', 'PFN2016'],
    ['ram 0..0xffffffffff;', 'PFN2016'],
    ['ram 0x10000000000..0x10000000001;', 'PFN2016'],
    ['threads P0;', 'PFN2026'],
    ['threads P0 P0;', 'PFN2026'],
    ['threads Q0 P1;', 'PFN2026'],
    ['mmio exists = 1 page;', 'PFN2015'],
    ['mmio P1 = 1 page;', 'PFN2015'],
    ['mmio PAGE_SIZE = 1 page;', 'PFN2015'],
    ['mmio bar = 1 page; bar[1] = 0;', 'PFN2021'],
    ['# define', 'PFN2048'],
    ['mmio bar = 1 page; /* open', 'PFN2003'],
  ])('refuses %s', (line, code) => {
    expect(codes(withMemory(line))[0]).toBe(code);
  });

  test('reports every mistake, and goes on behind each', () => {
    expect(
      codes(
        withMemory(
          'rma pool = 4 pages;',
          'mmio bar = 2 page',
          'reserved buf 1 page;',
          'device d = 1 pages;',
          'd[3] = 1;',
        ),
      ),
    ).toEqual(['PFN2012', 'PFN2013', 'PFN2013', 'PFN2021']);
  });
});
