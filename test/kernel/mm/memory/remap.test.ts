import { describe, expect, it } from 'vitest';
import { EACCES, EINVAL, ENOMEM } from '../../../../src/kernel/errno.js';
import {
  VM_DONTDUMP,
  VM_DONTEXPAND,
  VM_IO,
  VM_PAT,
  VM_PFNMAP,
  VM_REMAP_FLAGS,
} from '../../../../src/kernel/flags.js';
import {
  remapPfnRange,
  vmFlagsClear,
  vmFlagsSet,
  vmIomapMemory,
  vmStart,
} from '../../../../src/kernel/mm/memory/remap.js';
import { zapPageRange } from '../../../../src/kernel/mm/memory/zap.js';
import { sysMmap } from '../../../../src/kernel/mm/mmap.js';
import { setEntry } from '../../../../src/kernel/mm/pgtable.js';
import { PTE_DIRTY, PTE_PRESENT, PTE_PROTNONE, PTE_SPECIAL, PTE_WRITE } from '../../../../src/kernel/pte.js';
import { RELEASES } from '../../../../src/kernel/release.js';
import { MAP_PRIVATE, PROT_NONE, PROT_READ, PROT_WRITE } from '../../../../src/kernel/uapi.js';
import type { Vma } from '../../../../src/kernel/world.js';
import { remap } from '../drivers.js';
import { Machine, PAGE, type Setup } from '../machine.js';

const RW = PROT_READ | PROT_WRITE;

interface Call {
  /** Pages and bytes relative to the VMA's start. */
  readonly at?: number;
  readonly size?: number;
  readonly pfn?: number;
  readonly prot?: number;
}

/** mmap()s `pages` pages whose handler does what `body` says. */
function mapped(
  setup: Setup,
  pages: number,
  how: 'private' | 'shared',
  body: (m: Machine, v: Vma) => number,
  prot = RW,
): { m: Machine; p: number } {
  const m = new Machine({
    ...setup,
    handlers: { mmap: (machine, [, v]) => body(machine, machine.vmaOf(v!)) },
  });
  return { m, p: m.mmap(pages, prot, how, 0x77) };
}

function call(m: Machine, v: Vma, c: Call = {}): number {
  const size = c.size ?? v.pages * PAGE;
  return remapPfnRange(m.k, v, vmStart(m.k, v) + (c.at ?? 0), c.pfn ?? m.pfn('buf'), size, c.prot ?? v.prot);
}

describe('remap_pfn_range (B.2)', () => {
  it.each(RELEASES)('maps raw frames in order, counts nothing and sets four flags: %s', (release) => {
    const { m, p } = mapped({ release }, 3, 'shared', (machine, v) => call(machine, v));
    expect([0, 1, 2].map((i) => m.mapped(p + i * PAGE))).toEqual([0, 1, 2].map((i) => m.pfn('buf', i)));
    expect([0, 1, 2].map((i) => m.counts('buf', i))).toEqual([
      [1, 0],
      [1, 0],
      [1, 0],
    ]);
    expect(m.rss).toEqual([0, 0]);
    expect(m.vma(p)!.flags & VM_REMAP_FLAGS).toBe(VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP);
    expect(m.flags(p) & (PTE_SPECIAL | PTE_PRESENT)).toBe(PTE_SPECIAL | PTE_PRESENT);
  });

  it('leaves vm_pgoff of a shared VMA alone and makes that of a copy-on-write one the first frame', () => {
    const shared = mapped({}, 2, 'shared', (m, v) => call(m, v));
    expect(shared.m.vma(shared.p)!.pgoffLo).toBe(0x77);
    const cow = mapped({}, 2, 'private', (m, v) => call(m, v));
    expect(cow.m.vma(cow.p)!.pgoffLo).toBe(cow.m.pfn('buf'));
  });

  it('has no special bit to set without one', () => {
    const { m, p } = mapped({ arch: 'arm' }, 1, 'shared', (machine, v) => call(machine, v));
    expect(m.flags(p) & PTE_SPECIAL).toBe(0);
  });

  it('uses the protection as given, the write bit included, even in a private VMA (F-13)', () => {
    const { m, p } = mapped({}, 1, 'private', (machine, v) => call(machine, v, { prot: v.prot | PTE_WRITE }));
    expect(m.flags(p) & PTE_WRITE).toBe(PTE_WRITE);
  });

  it('rounds the size up', () => {
    const { m, p } = mapped({}, 2, 'private', (machine, v) => call(machine, v, { size: PAGE + 1 }));
    expect(m.mapped(p + PAGE)).toBe(m.pfn('buf', 1));
  });

  describe('of a part of a copy-on-write VMA (F-2)', () => {
    const parts = [
      ['the start', { size: PAGE }],
      ['the end', { at: PAGE, size: PAGE }],
    ] as const;
    it.each(RELEASES.flatMap((r) => parts.map(([name, c]) => [r, name, c] as const)))(
      'is -EINVAL and changes nothing: %s, %s',
      (release, _name, c) => {
        const seen: number[] = [];
        const { m, p } = mapped({ release }, 2, 'private', (machine, v) => {
          seen.push(call(machine, v, c), v.flags & VM_REMAP_FLAGS, v.pgoffLo);
          return 0;
        });
        expect(seen).toEqual([-EINVAL, 0, 0x77]);
        expect([m.mapped(p), m.mapped(p + PAGE), m.warned]).toEqual([undefined, undefined, false]);
      },
    );

    it.each([
      ['6.1', undefined],
      ['6.12', undefined],
      ['7.2', 0x123],
    ] as const)('zaps that part up to 6.12: %s', (release, left) => {
      const { m, p } = mapped({ release }, 2, 'private', (machine, v) => {
        const { k } = machine;
        for (const i of [0, 1])
          setEntry(k, machine.entry(vmStart(k, v) + i * PAGE), 0x123, PTE_PRESENT | PTE_SPECIAL);
        v.flags |= VM_PFNMAP;
        call(machine, v, { size: PAGE });
        return 0;
      });
      expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([left, 0x123]);
    });

    it('is taken if the core did not refuse it', () => {
      const facts = { remapRefusesPartialCow: false };
      const { m, p } = mapped({ facts }, 2, 'private', (machine, v) => call(machine, v, { size: PAGE }));
      expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([m.pfn('buf'), undefined]);
    });

    it('of a shared VMA is fine, as often as wanted and in any order', () => {
      const { m, p } = mapped({}, 2, 'shared', (machine, v) => {
        const upper = call(machine, v, { at: PAGE, size: PAGE, pfn: machine.pfn('buf', 3) });
        return upper === 0 ? call(machine, v, { size: PAGE, pfn: machine.pfn('buf', 2) }) : upper;
      });
      expect([m.mapped(p), m.mapped(p + PAGE)]).toEqual([m.pfn('buf', 2), m.pfn('buf', 3)]);
    });
  });

  it.each(RELEASES)(
    'of an unaligned address warns and is -EINVAL; 7.2 has set the flags by then: %s',
    (release) => {
      const seen: number[] = [];
      const { m } = mapped({ release }, 2, 'shared', (machine, v) => {
        seen.push(call(machine, v, { at: 8, size: PAGE }), v.flags & VM_REMAP_FLAGS);
        return 0;
      });
      expect(seen).toEqual([-EINVAL, release === '7.2' ? VM_REMAP_FLAGS : 0]);
      expect(m.warned).toBe(true);
    },
  );

  it.each(RELEASES)('of nothing is a BUG: %s', (release) => {
    const { m } = mapped({ release }, 1, 'shared', (machine, v) => call(machine, v, { size: 0 }));
    expect(m.bug).toBe(true);
  });

  it.each(RELEASES)('over an entry that is there is a BUG (F-3): %s', (release) => {
    const { m } = mapped({ release }, 2, 'shared', (machine, v) => {
      call(machine, v, { at: PAGE, size: PAGE });
      return call(machine, v, { size: PAGE + 1 });
    });
    expect(m.bug).toBe(true);
  });

  it('without a page table is -ENOMEM, with the flags set', () => {
    const m = new Machine({ options: { faultsAlloc: true }, handlers: { mmap: remap('buf') } });
    m.pick = () => 1;
    expect(m.mmap(1, RW, 'shared')).toBe(-ENOMEM);
    m.pick = () => 0;
    expect(m.mmap(1, RW, 'shared')).toBeGreaterThan(0);
  });

  it('keeps of a frame number what an entry can hold', () => {
    const { m, p } = mapped({ arch: 'arm' }, 1, 'shared', (machine, v) =>
      call(machine, v, { pfn: 0x123_4567 }),
    );
    expect(m.mapped(p)).toBe(0x3_4567);
  });
});

describe('remap_pfn_range and L1TF (B.9)', () => {
  const HIGH = 2 ** 33;
  const none = (m: Machine, v: Vma): number => call(m, v, { pfn: HIGH });

  it.each(RELEASES)('refuses PROT_NONE entries of high frames with -EACCES, and zaps: %s', (release) => {
    const setup = { release, facts: { l1tf: true } };
    expect(mapped(setup, 2, 'shared', none, PROT_NONE).p).toBe(-EACCES);
    const lowFirst = mapped(
      setup,
      2,
      'shared',
      (m, v) => (call(m, v, { pfn: HIGH - 1, prot: PTE_PRESENT | PTE_PROTNONE }) === -EACCES ? 0 : -1),
      PROT_NONE,
    );
    expect(lowFirst.m.mapped(lowFirst.p)).toBeUndefined();
  });

  it('takes them below the limit, accessible, or where the CPU is sound', () => {
    expect(mapped({ facts: { l1tf: true } }, 1, 'shared', (m, v) => call(m, v), PROT_NONE).p).toBeGreaterThan(
      0,
    );
    expect(mapped({ facts: { l1tf: true } }, 1, 'shared', none).p).toBeGreaterThan(0);
    expect(mapped({}, 1, 'shared', none, PROT_NONE).p).toBeGreaterThan(0);
  });
});

describe('who may set VMA flags (B.2, F-4)', () => {
  const rows = [
    ['6.1', false, false],
    ['6.12', true, true],
    ['7.2', false, true],
  ] as const;

  it.each(rows)(
    '%s warns without the write lock: in remap_pfn_range %s, in vm_flags_set %s',
    (release, remaps, sets) => {
      const warned = (act: (m: Machine, v: Vma) => void): boolean => {
        const m = new Machine({ release, handlers: { mmap: () => 0 } });
        const p = m.mmap(1, RW, 'shared');
        act(m, m.vma(p)!);
        return m.warned;
      };
      expect(warned((m, v) => call(m, v))).toBe(remaps);
      expect(warned((m, v) => vmFlagsSet(m.k, v, VM_IO))).toBe(sets);
      expect(warned((m, v) => vmFlagsClear(m.k, v, VM_IO))).toBe(sets);
    },
  );

  it('is quiet under the lock, whoever holds it', () => {
    const { m, p } = mapped({ release: '6.12', extraThreads: 1 }, 1, 'shared', (machine, v) =>
      call(machine, v),
    );
    expect(m.warned).toBe(false);
    m.k.w[m.k.mmapLock(0)] = -2;
    vmFlagsSet(m.k, m.vma(p)!, VM_IO);
    expect(m.warned).toBe(false);
    m.k.w[m.k.mmapLock(0)] = 1;
    vmFlagsSet(m.k, m.vma(p)!, VM_IO);
    expect(m.warned).toBe(true);
  });

  it('does not ask on um, which has no per-VMA locks', () => {
    const m = new Machine({ arch: 'um', release: '6.12', handlers: { mmap: () => 0 } });
    vmFlagsSet(m.k, m.vma(m.mmap(1, RW, 'shared'))!, VM_IO);
    expect(m.warned).toBe(false);
  });
});

describe('memory type tracking (B.9)', () => {
  const pat = (setup: Setup, how: 'private' | 'shared', c: Call): number => {
    const { m, p } = mapped(setup, 2, how, (machine, v) => call(machine, v, c));
    return m.vma(p)!.flags & VM_PAT;
  };

  it('marks a VMA that is remapped whole, RAM or not, on x86 up to 6.12', () => {
    expect(RELEASES.map((release) => pat({ release }, 'private', {}))).toEqual([VM_PAT, VM_PAT, 0]);
    expect(pat({ release: '6.12' }, 'shared', { size: PAGE })).toBe(0);
    expect(pat({ release: '6.12', arch: 'arm64' }, 'private', {})).toBe(0);
  });

  it.each(['6.1', '6.12'] as const)(
    'takes the mark away with any zap, in part or as a whole: %s',
    (release) => {
      const { m, p } = mapped({ release }, 2, 'shared', (machine, v) => call(machine, v));
      zapPageRange(m.k, m.vma(p)!, m.page(p) + 1, m.page(p) + 2, true);
      expect([m.vma(p)!.flags & VM_PAT, m.mapped(p), m.warned]).toEqual([0, m.pfn('buf'), false]);
    },
  );

  it('keeps it, with a WARN, where the first entry of a shared VMA is gone', () => {
    const { m, p } = mapped({ release: '6.12' }, 2, 'shared', (machine, v) => call(machine, v));
    setEntry(m.k, m.entry(p), 0, 0);
    zapPageRange(m.k, m.vma(p)!, m.page(p), m.page(p) + 2, true);
    expect([m.vma(p)!.flags & VM_PAT, m.warned]).toEqual([VM_PAT, true]);
  });

  it('finds the frame of a copy-on-write VMA in vm_pgoff', () => {
    const { m, p } = mapped({ release: '6.12' }, 2, 'private', (machine, v) => call(machine, v));
    m.touch(p, true);
    zapPageRange(m.k, m.vma(p)!, m.page(p), m.page(p) + 1, true);
    expect([m.vma(p)!.flags & VM_PAT, m.warned]).toEqual([0, false]);
  });

  it('7.2 refuses a second remap of the whole VMA, after setting flags and pgoff (H-7)', () => {
    const seen: number[] = [];
    mapped({ release: '7.2' }, 1, 'private', (m, v) => {
      call(m, v);
      zapPageRange(m.k, v, v.start, v.end, true);
      v.flags &= ~VM_REMAP_FLAGS;
      seen.push(call(m, v, { pfn: m.pfn('buf', 2) }), v.flags & VM_REMAP_FLAGS, v.pgoffLo - m.pfn('buf'));
      return 0;
    });
    expect(seen).toEqual([-EINVAL, VM_REMAP_FLAGS, 2]);
  });

  it.each(['6.1', '6.12'] as const)('%s takes it', (release) => {
    const { m, p } = mapped({ release }, 1, 'private', (machine, v) => {
      call(machine, v);
      zapPageRange(machine.k, v, v.start, v.end, true);
      return call(machine, v, { pfn: machine.pfn('buf', 2) });
    });
    expect(m.mapped(p)).toBe(m.pfn('buf', 2));
  });

  it('7.2 lets a failed remap be tried again', () => {
    const { m } = mapped({ release: '7.2', facts: { l1tf: true } }, 1, 'shared', (machine, v) => {
      expect(call(machine, v, { pfn: 2 ** 33, prot: PTE_PRESENT | PTE_PROTNONE })).toBe(-EACCES);
      return call(machine, v);
    });
    expect(m.bug).toBe(false);
  });
});

describe('vm_iomap_memory (B.3)', () => {
  /** Pages of the VMA, vm_pgoff, physical start and length in bytes behind `buf`; the result. */
  const iomap = (
    pages: number,
    pgoff: number,
    start: number,
    len: number,
    how: 'private' | 'shared' = 'shared',
  ) => {
    const m = new Machine({
      handlers: {
        mmap: (machine, [, v]) =>
          vmIomapMemory(machine.k, machine.vmaOf(v!), machine.pfn('buf') * PAGE + start, len),
      },
    });
    return { m, p: m.mmap(pages, RW, how, pgoff) };
  };

  it('maps what vm_pgoff and the length of the VMA select', () => {
    const { m, p } = iomap(2, 1, 0, 3 * PAGE);
    expect([m.mapped(p), m.mapped(p + PAGE), m.vma(p)!.pgoffLo]).toEqual([
      m.pfn('buf', 1),
      m.pfn('buf', 2),
      1,
    ]);
  });

  it('exposes the whole first page of an unaligned area', () => {
    const { m, p } = iomap(1, 0, 0x800, 0x10);
    expect(m.mapped(p)).toBe(m.pfn('buf'));
    expect(iomap(2, 0, 0x800, PAGE).p).toBeGreaterThan(0);
    expect(iomap(2, 0, 0, PAGE).p).toBe(-EINVAL);
  });

  it.each([
    ['vm_pgoff behind the area', 1, 3, 2 * PAGE],
    ['vm_pgoff at its end', 1, 2, 2 * PAGE],
    ['a VMA longer than the rest', 2, 1, 2 * PAGE],
  ])('refuses %s', (_name, pages, pgoff, len) => {
    expect(iomap(pages, pgoff, 0, len).p).toBe(-EINVAL);
  });

  it('refuses an area that ends at the end of physical addresses or wraps', () => {
    const at = (phys: number, arch = 'arm'): number => {
      const handler = (m: Machine, args: readonly number[]): number =>
        vmIomapMemory(m.k, m.vmaOf(args[1]!), phys, PAGE);
      return new Machine({ arch, handlers: { mmap: handler } }).mmap(1, RW, 'shared');
    };
    expect([at(2 ** 32 - 2 * PAGE) > 0, at(2 ** 32 - PAGE), at(2 ** 32 - 8)]).toEqual([
      true,
      -EINVAL,
      -EINVAL,
    ]);
    expect(at(2 ** 32 - PAGE, 'arm_lpae')).toBeGreaterThan(0);
  });

  it('gives a copy-on-write VMA the frame for its vm_pgoff', () => {
    const { m, p } = iomap(1, 1, 0, 2 * PAGE, 'private');
    expect(m.vma(p)!.pgoffLo).toBe(m.pfn('buf', 1));
  });
});

describe('a private remap is written', () => {
  it.each(['x86_64', 'arm'])('copies, and the source keeps its counts: %s', (arch) => {
    const m = new Machine({ arch, handlers: { mmap: remap('buf') } });
    const p = m.call(sysMmap, 0, 2 * PAGE, RW, MAP_PRIVATE, 3, 0);
    m.setByte('buf', 0, 7);
    expect(m.touch(p, true)).toBe('ok');
    expect([m.normal(p), m.byteOf(m.frame('pool'))]).toEqual([m.frame('pool'), 7]);
    expect([m.rss, m.counts('pool'), m.counts('buf')]).toEqual([
      [1, 0],
      [1, 1],
      [1, 0],
    ]);
    expect(m.flags(p) & (PTE_SPECIAL | PTE_WRITE | PTE_DIRTY)).toBe(PTE_WRITE | PTE_DIRTY);
    expect(m.normal(p + PAGE)).toBe(-1);
  });
});
