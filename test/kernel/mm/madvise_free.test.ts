/** MADV_FREE: `src/kernel/mm/madvise_free.ts` (C.11). */
import { describe, expect, it } from 'vitest';
import { VM_MAYWRITE, VM_MIXEDMAP, VM_SOFTDIRTY } from '../../../src/kernel/flags.js';
import { sysFork } from '../../../src/kernel/fork.js';
import { sysMadvise } from '../../../src/kernel/mm/madvise.js';
import { vmInsertPage } from '../../../src/kernel/mm/memory/insert.js';
import { vmStart } from '../../../src/kernel/mm/memory/remap.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { sysMprotect } from '../../../src/kernel/mm/mprotect.js';
import { allocPages } from '../../../src/kernel/mm/page_alloc.js';
import { pmdAt, pteAt, setEntry } from '../../../src/kernel/mm/pgtable.js';
import {
  MAYBE_DIRTY,
  PTE_CACHE_SHIFT,
  PTE_DIRTY,
  PTE_DIRTY_UNKNOWN,
  PTE_PRESENT,
  PTE_SOFT_DIRTY,
  PTE_SPECIAL,
  PTE_WRITE,
} from '../../../src/kernel/pte.js';
import * as uapi from '../../../src/kernel/uapi.js';
import { OPS_NULL, PG_EXCLUSIVE, PG_LAZYFREE } from '../../../src/kernel/world.js';
import { Machine, PAGE, type Handler, type Setup } from './machine.js';

const RW = uapi.PROT_READ | uapi.PROT_WRITE;
const free = (m: Machine, p: number, pages = 1): number =>
  m.call(sysMadvise, p, pages * PAGE, uapi.MADV_FREE);

/** Anonymous memory, of which all pages are written. */
function anonymous(setup: Setup = {}, pages = 1): [Machine, number] {
  const m = new Machine(setup);
  const p = m.call(sysMmap, 0, pages * PAGE, RW, uapi.MAP_PRIVATE | uapi.MAP_ANONYMOUS, -1, 0);
  for (let i = 0; i < pages; i++) m.touch(p + i * PAGE, true);
  return [m, p];
}

/** A VM_MIXEDMAP mapping without vm_ops that `fill` fills; all of its entries are written. */
function mixedmap(setup: Setup, pages: number, fill: Handler): [Machine, number] {
  const mmap: Handler = (m, args) => {
    const v = m.vmaOf(args[1]!);
    v.flags |= VM_MIXEDMAP;
    v.ops = OPS_NULL;
    return fill(m, args);
  };
  const m = new Machine({ ...setup, handlers: { mmap } });
  const p = m.mmap(pages, RW, 'shared');
  for (let i = 0; i < pages; i++) m.touch(p + i * PAGE, true);
  return [m, p];
}

/** vm_insert_page() of frames, one after the other. */
const inserted =
  (frames: (m: Machine) => readonly number[]): Handler =>
  (m, [, vma]) => {
    const v = m.vmaOf(vma!);
    frames(m).forEach((frame, i) => vmInsertPage(m.k, v, vmStart(m.k, v) + i * PAGE, frame));
    return 0;
  };

const dirty = (m: Machine, p: number, pages: number): boolean[] =>
  Array.from({ length: pages }, (_, i) => (m.flags(p + i * PAGE) & PTE_DIRTY) !== 0);

const pageAt = (m: Machine, p: number): { flags: number } => m.k.pages[m.normal(p)]!;

describe('MADV_FREE', () => {
  it('makes the entries of its range clean and marks their pages; nothing else of them changes', () => {
    const [m, p] = anonymous({ arch: 'arm64' }, 3);
    const before = m.flags(p + PAGE);
    expect(free(m, p + PAGE)).toBe(0);
    expect(dirty(m, p, 3)).toEqual([true, false, true]);
    expect(m.flags(p + PAGE)).toBe(before & ~PTE_DIRTY);
    expect([0, 1, 2].map((i) => pageAt(m, p + i * PAGE).flags & PG_LAZYFREE)).toEqual([0, PG_LAZYFREE, 0]);
    expect([m.k.procs[0]!.rssAnon, m.badMaps]).toEqual([3, 0]);
  });

  it('keeps what the soft-dirty bit would be, where there is one', () => {
    const soft = (arch: string, tracked: boolean): boolean => {
      const [m, p] = anonymous({ arch });
      if (tracked) m.vma(p)!.flags &= ~VM_SOFTDIRTY;
      free(m, p);
      return (m.flags(p) & PTE_SOFT_DIRTY) !== 0;
    };
    expect([soft('x86_64', false), soft('x86_64', true), soft('arm', false)]).toEqual([true, false, false]);
  });

  it('leaves pages of ZONE_DEVICE alone', () => {
    const regions = [
      { name: 'buf', kind: 'reserved', pages: 1 },
      { name: 'dev', kind: 'device', pages: 1 },
    ] as const;
    const fill = inserted((m) => [m.frame('buf'), m.frame('dev')]);
    const [m, p] = mixedmap({ regions }, 2, fill);
    expect(dirty(m, p, 2)).toEqual([true, true]);
    expect(free(m, p, 2)).toBe(0);
    expect(dirty(m, p, 2)).toEqual([false, true]);
    expect(pageAt(m, p).flags & PG_LAZYFREE).toBe(0);
  });

  it.each(['6.1', '6.12', '7.2'] as const)(
    'of a part of a compound page, or of all of it, on %s',
    (release) => {
      const block = (m: Machine): number => allocPages(m.k, 1, false, true);
      const whole = inserted((m) => {
        const head = block(m);
        return [head, head + 1, m.frame('buf')];
      });
      const cleaned = (from: number, to: number, fill = whole): boolean[] => {
        const [m, p] = mixedmap({ release }, 3, fill);
        expect(free(m, p + from * PAGE, to - from)).toBe(0);
        return dirty(m, p, 3).map((d) => !d);
      };
      const later = release !== '6.1';
      expect(cleaned(0, 3)).toEqual([later, later, later]);
      expect(cleaned(0, 1)).toEqual([false, false, false]);
      expect(cleaned(1, 3)).toEqual([false, false, later]);
      // the second entry of a block is raw, or of another memory type
      const apart = (flag: number): Handler => {
        return (m, args) => {
          whole(m, args);
          m.k.w[pteAt(m.k, 0, m.vmaOf(args[1]!).start + 1) + 1]! |= flag;
          return 0;
        };
      };
      expect(cleaned(0, 3, apart(PTE_SPECIAL))).toEqual([false, false, later]);
      expect(cleaned(0, 3, apart(1 << PTE_CACHE_SHIFT))).toEqual([false, false, later]);
      expect(cleaned(0, 3, apart(PTE_DIRTY))).toEqual([later, later, later]);
      const turned = inserted((m) => {
        const head = block(m);
        return [head + 1, head, m.frame('buf')];
      });
      expect(cleaned(0, 3, turned)).toEqual([false, false, later]);
    },
  );

  it('does not end at a compound page that 6.1 and 6.12 cannot split, if they have no huge pages', () => {
    const fill = inserted((m) => {
      const head = allocPages(m.k, 1, false, true);
      return [head, head + 1];
    });
    const part = (release: '6.1' | '6.12' | '7.2', from: number): number => {
      const [m, p] = mixedmap(
        { arch: 'um', release, regions: [{ name: 'pool', kind: 'ram', pages: 4 }] },
        2,
        fill,
      );
      return free(m, p + from * PAGE);
    };
    expect(() => part('6.1', 0)).toThrow('does not end');
    expect(() => part('6.12', 1)).toThrow('does not end');
    expect(part('7.2', 0)).toBe(0);
  });

  it('does not know what it would make of a leaf', () => {
    const leaf: Handler = (m, [, vma]) => {
      const flags = PTE_PRESENT | PTE_SPECIAL | PTE_WRITE;
      setEntry(m.k, pmdAt(m.k, 0, m.vmaOf(vma!).start), m.pfn('bar'), flags);
      return 0;
    };
    const [m, p] = mixedmap({ leaves: true }, 4, leaf);
    expect(() => free(m, p)).toThrow('MADV_FREE of a raw leaf is not modelled');
  });
});

describe('a page that others map, too', () => {
  /** Given to MADV_FREE by the parent after a fork; then its only user's own, as after an unsharing. */
  const shared = (setup: Setup): [Machine, number] => {
    const [m, p] = anonymous(setup);
    m.call(sysFork);
    free(m, p);
    expect(m.flags(p) & (PTE_DIRTY | PTE_DIRTY_UNKNOWN)).toBe(PTE_DIRTY_UNKNOWN);
    expect(m.asThread(1, () => m.flags(p) & (PTE_DIRTY | PTE_DIRTY_UNKNOWN))).toBe(PTE_DIRTY);
    pageAt(m, p).flags |= PG_EXCLUSIVE;
    return [m, p];
  };
  const protect = (m: Machine, p: number): void => {
    m.call(sysMprotect, p, PAGE, uapi.PROT_READ);
    m.call(sysMprotect, p, PAGE, RW);
  };

  it('may have kept its dirty bit: unknown to mprotect() of 6.1, and of no matter later', () => {
    expect(() => protect(...shared({ release: '6.1' }))).toThrow(MAYBE_DIRTY);
    const [m, p] = shared({ release: '6.12' });
    protect(m, p);
    expect(m.flags(p) & PTE_WRITE).not.toBe(0);
  });

  it('is known to be clean if it was before', () => {
    const [m, p] = anonymous();
    free(m, p);
    m.call(sysFork);
    free(m, p);
    expect(m.flags(p) & (PTE_DIRTY | PTE_DIRTY_UNKNOWN)).toBe(0);
  });

  it('is of no matter while it is not exclusive, nor after a store or another MADV_FREE', () => {
    const writable = (then: (m: Machine, p: number) => void): boolean => {
      const [m, p] = shared({ release: '6.1' });
      then(m, p);
      protect(m, p);
      return (m.flags(p) & PTE_WRITE) !== 0;
    };
    expect(writable((m, p) => (pageAt(m, p).flags &= ~PG_EXCLUSIVE))).toBe(false);
    expect(writable((m, p) => m.touch(p, true))).toBe(true);
    const again = writable((m, p) => {
      m.k.pages[m.normal(p)]!.mapcount = 1;
      free(m, p);
    });
    expect(again).toBe(false);
  });

  it('is unknown to a store that faults only if the entry is clean, in a VMA that may no longer be written', () => {
    const [m, p] = shared({ arch: 'arm', release: '6.12' });
    m.k.w[m.entry(p) + 1]! |= PTE_WRITE;
    m.vma(p)!.flags &= ~VM_MAYWRITE;
    expect(() => m.touch(p, true)).toThrow(MAYBE_DIRTY);
  });

  it('is clean in a child that shares the mapping', () => {
    const [m, p] = mixedmap(
      {},
      1,
      inserted((machine) => [machine.frame('buf')]),
    );
    m.call(sysFork);
    free(m, p);
    m.call(sysFork);
    expect(m.flags(p) & PTE_DIRTY_UNKNOWN).toBe(PTE_DIRTY_UNKNOWN);
    expect(m.asThread(2, () => m.flags(p) & (PTE_DIRTY | PTE_DIRTY_UNKNOWN))).toBe(0);
  });
});

describe('a page in a batch', () => {
  const reused = (pick: number): [boolean, number] => {
    const [m, p] = anonymous();
    free(m, p);
    const frame = m.normal(p);
    m.k.pages[frame]!.flags &= ~PG_EXCLUSIVE;
    m.call(sysMprotect, p, PAGE, uapi.PROT_READ);
    m.call(sysMprotect, p, PAGE, RW);
    m.pick = (n) => (n === 2 ? pick : 0);
    m.touch(p, true);
    return [m.normal(p) === frame, m.k.pages[m.normal(p)]!.flags & PG_LAZYFREE];
  };

  it('is written in place if the batch has been drained, and copied otherwise', () => {
    expect([reused(0), reused(1)]).toEqual([
      [true, 0],
      [false, 0],
    ]);
  });
});
