/** Several zero pages, chosen by the colour of the address (s390; mips with aliasing caches), and mms without any (A.6, F-40). */
import { describe, expect, it } from 'vitest';
import { sysGup } from '../../../src/kernel/mm/gup_users.js';
import { isZeroPfn } from '../../../src/kernel/mm/memory/classify.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { FOLL_PIN } from '../../../src/kernel/flags.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { Machine, PAGE, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

function anon(setup: Setup, pages: number): { m: Machine; p: number } {
  const m = new Machine(setup);
  return { m, p: m.call(sysMmap, 0, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) };
}

describe('several zero pages', () => {
  it.each<[string, Setup, number]>([
    ['s390x has four at least', { arch: 's390x' }, 4],
    ['mips64 of release 2 has one', { arch: 'mips64' }, 1],
    ['mips64 with aliasing caches has eight', { arch: 'mips64', facts: { zeroPages: 8 } }, 8],
    ['x86_64 has one', {}, 1],
  ])('%s', (_what, setup, colours) => {
    const { m, p } = anon(setup, 9);
    const seen = Array.from({ length: 9 }, (_, i) => {
      m.touch(p + i * PAGE, false);
      return m.mapped(p + i * PAGE)!;
    });
    expect(new Set(seen).size).toBe(colours);
    expect(seen[colours]).toBe(seen[0]);
    expect(seen.every((pfn) => isZeroPfn(m.k, pfn))).toBe(true);
    expect([isZeroPfn(m.k, m.k.mem.zeroPfn - 1), isZeroPfn(m.k, m.k.mem.zeroPfn + colours)]).toEqual([
      false,
      false,
    ]);
    // None of them is a page to the VM, and none is counted.
    for (let i = 0; i < 9; i++) expect(m.normal(p + i * PAGE)).toBe(-1);
  });

  it('a pin of any of them is not counted', () => {
    const { m, p } = anon({ arch: 's390x' }, 2);
    for (const at of [p, p + PAGE]) {
      m.touch(at, false);
      const frame = m.k.mem.frame(m.mapped(at)!);
      expect(m.call(sysGup, at, FOLL_PIN)).toBe(0);
      expect(m.k.pages[frame]!.refcount).toBe(1);
    }
  });

  it('the first store copies zeros from any of them', () => {
    const { m, p } = anon({ arch: 's390x' }, 4);
    m.touch(p + 3 * PAGE, false);
    m.touch(p + 3 * PAGE, true);
    expect(isZeroPfn(m.k, m.mapped(p + 3 * PAGE)!)).toBe(false);
    expect(m.normal(p + 3 * PAGE)).toBeGreaterThanOrEqual(0);
  });
});

it('where the mm forbids zero pages, a read fault allocates', () => {
  const { m, p } = anon({ arch: 's390x', facts: { mmForbidsZeropage: true } }, 1);
  m.touch(p, false);
  expect(isZeroPfn(m.k, m.mapped(p)!)).toBe(false);
  expect(m.normal(p)).toBeGreaterThanOrEqual(0);
});
