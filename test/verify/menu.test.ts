/** The menu of operations, item by item: programs that never make one of them prove nothing about it. */
import { describe, expect, test } from 'vitest';
import { FOLL_LONGTERM, FOLL_WRITE } from '../../src/kernel/flags.js';
import { PG_FREE } from '../../src/kernel/world.js';
import {
  MADV_DONTFORK,
  MADV_DONTNEED,
  MAP_PRIVATE,
  MAP_SHARED,
  O_RDONLY,
  O_RDWR,
  PROT_NONE,
  PROT_READ,
  PROT_WRITE,
} from '../../src/kernel/uapi.js';
import { bootKernel } from '../../src/run/boot.js';
import { factsOf } from '../../src/run/configurations.js';
import { INITIAL_CAPACITIES } from '../../src/kernel/layout.js';
import { parseLitmus } from '../../src/run/parse.js';
import { available } from '../../src/verify/available.js';
import { Kind, POINTER, type Operation } from '../../src/verify/operations.js';
import { subjectOf } from '../../src/verify/subject.js';
import type { Bounds } from '../../src/verify/types.js';
import { grammar } from '../litmus/grammar.js';
import { driverText } from './support.js';

const PTRS = 4;
const RW = PROT_READ | PROT_WRITE;
const BOUNDS: Bounds = { processes: 2, pages: PTRS + 1, files: 1, races: false };

/** Looks at offsets, at two commands and at its argument, and writes through it. */
const DRIVER = {
  memory: 'ram pool = 3 pages; reserved buf = 2 pages; mmio bar = 1 page;',
  driver: `static int demo_mmap(struct file *file, struct vm_area_struct *vma)
{
        return remap_pfn_range(vma, vma->vm_start, vma->vm_pgoff, PAGE_SIZE, vma->vm_page_prot);
}
static long demo_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
        int n = 0;

        if (cmd == 7 && arg)
                return 0;
        if (cmd == 9)
                return copy_to_user((void __user *)arg, &n, sizeof(n));
        return -ENOTTY;
}
static const struct file_operations demo_fops = { .owner = THIS_MODULE, .mmap = demo_mmap, .unlocked_ioctl = demo_ioctl };`,
};

const facts = factsOf('x86_64', '7.2', {});
const subject = subjectOf(
  parseLitmus({ file: 'driver.litmus', text: driverText(DRIVER) }, grammar, { threadless: true }),
  facts,
  PTRS,
  BOUNDS,
);
const { menu, compiled } = subject;
const of = (kind: Kind): readonly Operation[] => menu.filter((o) => o.kind === kind);
const values = (kind: Kind, of_: (o: Operation) => unknown): unknown[] => [...new Set(of(kind).map(of_))];
const PAGES = [...Array(BOUNDS.pages).keys()];
const RANGES = PAGES.flatMap((from) => PAGES.slice(from).map((to) => `${from}-${to + 1}`));
const range = ({ a, b }: Operation): string => `${a}-${b}`;

describe('mmap()', () => {
  test.each([
    ['lengths: 1, 2, a leaf, a leaf and one', (o: Operation) => o.b, [1, 2, PTRS, PTRS + 1]],
    ['protections', (o: Operation) => o.c, [RW, PROT_READ]],
    ['types', (o: Operation) => o.d, [MAP_SHARED, MAP_PRIVATE]],
  ])('%s', (_, what, all) => {
    expect(values(Kind.Mmap, what)).toEqual(all);
  });

  test('offsets: each named frame, each frame of ram, one outside of each region, the largest', () => {
    const largest = `0x${(2n ** 52n - 1n).toString(16)}`;
    const named = ['buf', 'buf + 1', 'bar', 'pool', 'pool + 1', 'pool + 2'];
    const outside = ['buf + 2', 'bar + 1'];
    const indices = ['0', '1', '2'];
    expect(values(Kind.Mmap, (o) => o.offset!.text).toSorted()).toEqual(
      [...named, ...outside, ...indices, '0xffffe', largest].toSorted(),
    );
  });

  test('every length at every offset with every protection and type', () => {
    expect(of(Kind.Mmap)).toHaveLength(4 * 2 * 2 * values(Kind.Mmap, (o) => o.offset!.text).length);
  });

  test('of the frames of ram those that are allocated, and one that is free', () => {
    const k = bootKernel(compiled, {
      ...INITIAL_CAPACITIES,
      procs: 2,
      threads: 2,
      arena: BOUNDS.pages,
      fds: 1,
    });
    const [open] = of(Kind.Open);
    expect(available(k, 0, open!)).toBe(true);
    const pool = compiled.mem.regions.find(({ name }) => name === 'pool')!.index;
    const file = k.files[0]!;
    file.mode = 3;
    file.refs = 1;
    k.w[k.proc(0) + k.layout.fdsAt] = 1;
    const offered = (): string[] => [
      ...new Set(
        of(Kind.Mmap)
          .filter((o) => o.offset!.ram >= 0 && available(k, 0, o))
          .map((o) => o.offset!.text),
      ),
    ];
    expect(offered()).toEqual(['pool']);
    k.pages[pool + 1]!.flags &= ~PG_FREE;
    expect(offered()).toEqual(['pool', 'pool + 1']);
    k.pages[pool]!.flags &= ~PG_FREE;
    expect(offered()).toEqual(['pool', 'pool + 1', 'pool + 2']);
  });
});

test('open: both modes; close', () => {
  expect(values(Kind.Open, (o) => o.b)).toEqual([O_RDWR, O_RDONLY]);
  expect(of(Kind.Close)).toHaveLength(1);
});

test('every range is unmapped, protected and advised', () => {
  expect(of(Kind.Munmap).map(range)).toEqual(RANGES);
  for (const prot of [PROT_NONE, PROT_READ, RW])
    expect(
      of(Kind.Mprotect)
        .filter((o) => o.c === prot)
        .map(range),
    ).toEqual(RANGES);
  for (const advice of [MADV_DONTNEED, MADV_DONTFORK])
    expect(
      of(Kind.Madvise)
        .filter((o) => o.c === advice)
        .map(range),
    ).toEqual(RANGES);
});

test('each page is moved to each other place, and grows in place and elsewhere', () => {
  const moves = PAGES.flatMap((a) => PAGES.filter((b) => b !== a).map((b) => `${a}-${b}`));
  expect(of(Kind.Move).map(range)).toEqual(moves);
  expect(of(Kind.Grow).map(range)).toEqual(PAGES.flatMap((a) => [`${a}-0`, `${a}-1`]));
});

test('each page is loaded, stored to, pinned by each user of GUP, and written through /proc', () => {
  for (const kind of [Kind.Load, Kind.Put, Kind.ProcmemWrite])
    expect(of(kind).map(({ a }) => a)).toEqual(PAGES);
  // Two values, because the driver moves what pages contain.
  expect(of(Kind.Store).map(({ a, b }) => `${a} ${b}`)).toEqual(PAGES.flatMap((a) => [`${a} 1`, `${a} 0`]));
  expect(of(Kind.Gup).map(({ a, b }) => `${a} ${b}`)).toEqual(
    PAGES.flatMap((a) => [`${a} ${FOLL_WRITE}`, `${a} 0`]),
  );
  expect(of(Kind.GupFast).map(({ a, b }) => `${a} ${b}`)).toEqual(
    PAGES.map((a) => `${a} ${FOLL_WRITE | FOLL_LONGTERM}`),
  );
});

test('each command of the driver and one other, with 0, 1 and a pointer', () => {
  const argument = ({ c, d }: Operation): string => (d === POINTER ? 'p' : String(c));
  const calls = of(Kind.Ioctl).map((o) => `${o.b} ${argument(o)}`);
  expect(calls.toSorted()).toEqual(
    [7, 9, 100].flatMap((command) => ['0', '1', 'p'].map((arg) => `${command} ${arg}`)).toSorted(),
  );
});

test('fork and exit', () => {
  expect(of(Kind.Fork)).toHaveLength(1);
  expect(of(Kind.Exit)).toHaveLength(1);
});
