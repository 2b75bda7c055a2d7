import { describe, expect, it } from 'vitest';
import { handle, HandleKind } from '../../../src/kernel/handle.js';
import { VM_MIXEDMAP, VM_READ, VM_SOFTDIRTY } from '../../../src/kernel/flags.js';
import { sysMprotect } from '../../../src/kernel/mm/mprotect.js';
import {
  addPgoff,
  canMerge,
  findVma,
  getUnmappedArea,
  imapLock,
  vmaLookup,
  vmaMerge,
} from '../../../src/kernel/mm/vma.js';
import { callVmaIsolate } from '../../../src/kernel/mm/vma_modify.js';
import { RELEASES } from '../../../src/kernel/release.js';
import { routine } from '../../../src/kernel/routine.js';
import { PROT_NONE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { VMA_ANON_VMA, VMA_LINKED, type Vma } from '../../../src/kernel/world.js';
import { remap } from './drivers.js';
import { Machine, PAGE, type Handler, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

/** Runs vma_modify()'s split for pages [from, to) of a process. */
const isolate = routine('test:isolate', 2, (k, f, pc) => {
  if (pc === 1) return k.ret(f, k.takeRet());
  callVmaIsolate(k, f, 1, 0, k.w[f + 1]!, k.w[f + 2]!);
});

/** [first page, end, vm_pgoff, slot] of each VMA of the process. */
function layout(m: Machine, base: number): number[][] {
  const vmas = m.k.vmas.filter((v) => v.mm === 0).sort((a, b) => a.start - b.start);
  return vmas.map((v) => [v.start - base, v.end - base, v.pgoffLo, v.slot]);
}

/** A raw mapping of `pages` pages at file page 7, whose hooks are logged. */
function raw(pages: number, setup: Setup = {}): { m: Machine; p: number; base: number } {
  const m = new Machine({
    ...setup,
    handlers: { mmap: remap('bar', true), open: () => 0, close: () => 0, ...setup.handlers },
  });
  const p = m.mmap(pages, RW, 'shared', 7);
  return { m, p, base: m.page(p) };
}

describe('looking VMAs up', () => {
  it('finds the VMA of a page, or the next one behind it', () => {
    const { m, p, base } = raw(2);
    const q = m.mmap(1, RW, 'shared');
    const [a, b] = [m.vma(p)!, m.vma(q)!];
    expect([vmaLookup(m.k, 0, base + 1), vmaLookup(m.k, 0, base + 2), findVma(m.k, 0, base + 2)]).toEqual([
      a,
      undefined,
      b,
    ]);
    expect([findVma(m.k, 0, base), findVma(m.k, 0, b.end), findVma(m.k, 1, base)]).toEqual([
      a,
      undefined,
      undefined,
    ]);
    a.put(VMA_LINKED, false);
    expect([vmaLookup(m.k, 0, base), findVma(m.k, 0, base)]).toEqual([undefined, b]);
  });

  it('finds the lowest free place with a page free on both sides', () => {
    const { m, base } = raw(2);
    expect([base, getUnmappedArea(m.k, 0, 1, 1), getUnmappedArea(m.k, 0, 4, 4)]).toEqual([0, 3, 4]);
    expect([
      getUnmappedArea(m.k, 0, 61, 1),
      getUnmappedArea(m.k, 0, 62, 1),
      getUnmappedArea(m.k, 1, 64, 1),
    ]).toEqual([3, -1, 0]);
  });

  it('moves vm_pgoff in unsigned long', () => {
    for (const [arch, hi] of [
      ['x86_64', 1],
      ['arm', 0],
    ] as const) {
      const m = new Machine({ arch });
      const v = m.k.allocVma();
      v.setPgoff(-1, 0);
      addPgoff(m.k, v, 3);
      expect([v.pgoffLo, v.pgoffHi]).toEqual([2, hi]);
    }
  });
});

describe('munmap of a part: which struct goes (C.9)', () => {
  /** Slot 0 is the original VMA; new parts get the slots behind. */
  const parts = [
    ['the start', 0, 1, { old: [[1, 4, 8, 0]], late: [[1, 4, 8, 1]] }],
    ['the end', 3, 4, { old: [[0, 3, 7, 0]], late: [[0, 3, 7, 1]] }],
    [
      'the middle',
      1,
      3,
      {
        old: [
          [0, 1, 7, 0],
          [3, 4, 10, 1],
        ],
        late: [
          [0, 1, 7, 1],
          [3, 4, 10, 2],
        ],
      },
    ],
  ] as const;
  it.each(RELEASES.flatMap((r) => parts.map((row) => [r, ...row] as const)))(
    '%s: %s',
    (release, _name, from, to, left) => {
      const { m, p, base } = raw(4, { release });
      expect(m.munmap(p + from * PAGE, to - from)).toBe(0);
      expect(layout(m, base)).toEqual(release === '6.1' ? left.old : left.late);
      const opens = (from > 0 ? 1 : 0) + (to < 4 ? 1 : 0);
      expect(m.log).toEqual(['mmap', ...Array<string>(opens).fill('open'), 'close']);
      expect([0, 1, 2, 3].filter((i) => m.mapped(p + i * PAGE) === undefined)).toEqual(
        [0, 1, 2, 3].filter((i) => i >= from && i < to),
      );
    },
  );

  it('->open sees the new part, the old one still as it was', () => {
    const seen: number[][] = [];
    const open: Handler = (m, [h]) => {
      const v = m.vmaOf(h!);
      seen.push(
        [v.slot, v.start, v.end, v.pgoffLo, v.has(VMA_LINKED) ? 1 : 0],
        [m.k.vmas[0]!.start, m.k.vmas[0]!.end],
      );
      return 0;
    };
    const { m, p } = raw(2, { handlers: { open } });
    m.munmap(p + PAGE, 1);
    expect(seen).toEqual([
      [1, 0, 1, 7, 0],
      [0, 2],
    ]);
    expect(m.vma(p)!.slot).toBe(1);
  });

  it('of several VMAs closes each, lowest first, and takes the whole of those between', () => {
    const { m, p, base } = raw(2);
    m.mmap(2, RW, 'shared', 7);
    m.mmap(2, RW, 'shared', 7);
    const handlers = m.log.length;
    expect(m.munmap(p + PAGE, 6)).toBe(0);
    expect([layout(m, base).map(([a, b]) => [a, b]), m.log.slice(handlers)]).toEqual([
      [
        [0, 1],
        [7, 8],
      ],
      ['open', 'open', 'close', 'close', 'close'],
    ]);
  });

  it('a refusal at the end keeps the split at the start', () => {
    let asked = 0;
    const { m, p, base } = raw(4, { handlers: { maySplit: () => (asked++ === 0 ? 0 : -9) } });
    expect(m.munmap(p + PAGE, 2)).toBe(-9);
    expect(layout(m, base).map(([a, b, o]) => [a, b, o])).toEqual([
      [0, 1, 7],
      [1, 4, 8],
    ]);
    expect(m.mapped(p + PAGE)).toBeDefined();
  });

  it('may_split gets the VMA and the address', () => {
    const seen: (readonly number[])[] = [];
    const { m, p } = raw(2, { handlers: { maySplit: (_m, args) => (seen.push(args.slice(0, 2)), 0) } });
    m.munmap(p + PAGE, 1);
    expect(seen).toEqual([[handle(HandleKind.Vma, 0), p + PAGE]]);
  });

  it('a file that the VMA held last is released after ->close', () => {
    const { m, p } = raw(2, { handlers: { release: () => 0 } });
    m.k.files[0]!.refs -= 1;
    m.k.w[m.k.proc(0) + m.k.layout.fdsAt] = 0;
    m.munmap(p, 1);
    expect([m.log.slice(1), m.k.files[0]!.refs]).toEqual([['open', 'close'], 1]);
    m.munmap(p + PAGE, 1);
    expect([m.log.slice(3), m.k.files[0]!.mode]).toEqual([['close', 'release'], 0]);
  });

  it('waits for a reader of the i_mmap tree', () => {
    const { m, p } = raw(1);
    m.k.w[imapLock(m.k, 0)] = 1;
    expect(() => m.munmap(p, 1)).toThrow('waits for ever');
    expect([m.mapped(p), m.log]).toEqual([undefined, ['mmap']]);
  });
});

describe('vma_modify: the part that changes keeps the struct', () => {
  it.each(RELEASES)('%s', (release) => {
    const { m, base } = raw(4, { release });
    expect(m.callWords(isolate, base + 1, base + 3)).toBe(0);
    expect(layout(m, base)).toEqual([
      [0, 1, 7, 1],
      [1, 3, 8, 0],
      [3, 4, 10, 2],
    ]);
    expect([m.log, m.k.files[0]!.refs]).toEqual([['mmap', 'open', 'open'], 4]);
  });

  it('cuts nothing where the VMA ends there already', () => {
    const { m, base } = raw(2);
    m.callWords(isolate, base, base + 2);
    expect([layout(m, base).length, m.log]).toEqual([1, ['mmap']]);
  });
});

describe('merging (C.10, F-27)', () => {
  /** Two VMAs made by a split, which could be one again. */
  const halves = (setup: Setup = {}): { m: Machine; low: Vma; high: Vma } => {
    const m = new Machine({ ...setup, handlers: { mmap: () => 0, ...setup.handlers } });
    const p = m.mmap(2, RW, 'shared', 7);
    m.vma(p)!.ops = 2;
    m.callWords(isolate, m.page(p), m.page(p) + 1);
    return { m, low: m.vma(p)!, high: m.vma(p + PAGE)! };
  };

  it('joins what differs by its range only; the neighbour’s struct stays', () => {
    for (const from of ['low', 'high'] as const) {
      const both = halves();
      const { m } = both;
      const left = vmaMerge(m.k, both[from]);
      expect(left).toBe(from === 'low' ? both.high : both.low);
      expect([left.pages, left.pgoffLo, m.k.files[0]!.refs]).toEqual([2, 7, 2]);
    }
  });

  it.each([
    ['flags', (v: Vma): void => void (v.flags &= ~VM_READ)],
    ['offset', (v: Vma): void => v.setPgoff(9, 0)],
    ['file', (v: Vma): void => void (v.file = -1)],
    ['a gap', (v: Vma): void => void (v.start += 1)],
  ] as const)('not with another %s', (_name, change) => {
    const { m, low, high } = halves();
    change(high);
    expect([canMerge(m.k, low), vmaMerge(m.k, low)]).toEqual([false, low]);
  });

  it.each([
    ['VM_SOFTDIRTY', (v: Vma): void => void (v.flags ^= VM_SOFTDIRTY)],
    ['vm_ops', (v: Vma): void => void (v.ops = 1)],
    ['vm_private_data', (v: Vma): void => void (v.private = 5)],
    ['an anon_vma on one side', (v: Vma): void => v.put(VMA_ANON_VMA, true)],
  ] as const)('%s does not matter', (_name, change) => {
    const { m, low, high } = halves();
    change(high);
    expect([canMerge(m.k, low), vmaMerge(m.k, low).pages]).toEqual([true, 2]);
  });

  it('an anon_vma stays', () => {
    const { m, low, high } = halves();
    low.put(VMA_ANON_VMA, true);
    expect(vmaMerge(m.k, low)).toBe(high);
    expect(high.has(VMA_ANON_VMA)).toBe(true);
  });

  it('special VMAs never', () => {
    const { m, low, high } = halves();
    low.flags |= VM_MIXEDMAP;
    high.flags |= VM_MIXEDMAP;
    expect(canMerge(m.k, low)).toBe(false);
  });

  it('a VMA with ->close does not vanish', () => {
    const { m, low, high } = halves({ handlers: { close: () => 0 } });
    expect([canMerge(m.k, low), canMerge(m.k, high)]).toEqual([false, false]);
    low.ops = 1;
    expect(canMerge(m.k, low)).toBe(true);
    const old = halves({ release: '6.1', handlers: { close: () => 0 } });
    old.low.ops = 1;
    expect(canMerge(old.m.k, old.low)).toBe(false);
  });

  it('mprotect there and back is one VMA again', () => {
    const { m, low } = halves();
    vmaMerge(m.k, low);
    const p = m.k.arenaBase;
    m.call(sysMprotect, p, PAGE, PROT_NONE);
    expect(layout(m, 0).length).toBe(2);
    m.call(sysMprotect, p, PAGE, RW);
    expect(layout(m, 0).length).toBe(1);
  });
});
