import { describe, expect, it } from 'vitest';
import { EFAULT, EINVAL, ENODEV } from '../../../src/kernel/errno.js';
import { handleIndex, handleKind, HandleKind } from '../../../src/kernel/handle.js';
import { VM_DONTCOPY, VM_LOCKED, VM_MAYWRITE, VM_PFNMAP, VM_REMAP_FLAGS } from '../../../src/kernel/flags.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import {
  DESC,
  mmapActionIoremap,
  mmapActionRemap,
  mmapActionRemapFull,
  mmapActionSimpleIoremap,
} from '../../../src/kernel/mm/mmap_prepare.js';
import { vmaLookup } from '../../../src/kernel/mm/vma.js';
import {
  PTE_CACHE_MASK,
  PTE_CACHE_SHIFT,
  PTE_SPECIAL,
  PTE_WRITE,
  CacheMode,
} from '../../../src/kernel/pte.js';
import {
  MAP_FIXED,
  MAP_LOCKED,
  MAP_PRIVATE,
  MAP_SHARED,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/uapi.js';
import { OPS_DUMMY, OPS_NULL } from '../../../src/kernel/world.js';
import { Machine, PAGE, type Handler, type Setup } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

/** A hook that gets the word index of its description. */
function hook(body: (m: Machine, at: number) => number | void): Handler {
  return (m, [desc]) => body(m, handleIndex(desc!)) ?? 0;
}

function machine(body: (m: Machine, at: number) => number | void, setup: Setup = {}): Machine {
  return new Machine({ release: '7.2', ...setup, handlers: { mmapPrepare: hook(body), ...setup.handlers } });
}

/** The hook records a remap of `bytes` bytes, `off` bytes behind the start of the VMA. */
function action(off: number, bytes: number, setup: Setup = {}): Machine {
  return machine((m, at) => {
    const start = m.k.vmas[m.k.w[at + DESC.VMA]!]!.start;
    mmapActionRemap(m.k, at, m.k.arenaBase + start * PAGE + off, m.pfn('buf'), bytes);
  }, setup);
}

const full = (setup: Setup = {}): Machine =>
  machine((m, at) => mmapActionRemapFull(m.k, at, m.pfn('buf')), setup);

describe('mmap_prepare (B.11)', () => {
  it('exists from 7.2 on', () => {
    expect(full({ release: '6.12' }).mmap(1, RW, 'shared')).toBe(-ENODEV);
    expect(full().mmap(1, RW, 'shared')).toBeGreaterThan(0);
  });

  it('beside ->mmap warns and is -ENODEV; before 7.2 nobody sees it', () => {
    const m = full({ handlers: { mmap: () => 0 } });
    expect([m.mmap(1, RW, 'shared'), m.warned, m.log]).toEqual([-ENODEV, true, []]);
    const old = full({ release: '6.12', handlers: { mmap: () => 0 } });
    expect([old.mmap(1, RW, 'shared') > 0, old.warned, old.log]).toEqual([true, false, ['mmap']]);
  });

  it('gets what mmap() made of its arguments', () => {
    let seen: number[] = [];
    const m = machine((machine, at) => {
      seen = [DESC.FLAGS, DESC.PGOFF_LO, DESC.PROT, DESC.OPS, DESC.ACTION].map((i) => machine.k.w[at + i]!);
    });
    const v = m.vma(m.mmap(1, RW, 'shared', 9))!;
    expect(seen).toEqual([v.flags & ~0x8000000, 9, v.prot, OPS_DUMMY, 0]);
  });

  it('describes the VMA: flags, offset, protection, vm_ops, private data', () => {
    const m = machine((machine, at) => {
      const { w } = machine.k;
      w[at + DESC.FLAGS]! |= VM_DONTCOPY;
      w[at + DESC.PGOFF_LO] = 77;
      w[at + DESC.PROT]! |= CacheMode.WriteCombine << PTE_CACHE_SHIFT;
      w[at + DESC.OPS] = 2;
      w[at + DESC.PRIVATE] = 5;
    });
    const v = m.vma(m.mmap(1, RW, 'shared'))!;
    expect([v.flags & VM_DONTCOPY, v.pgoffLo, v.ops, v.private]).toEqual([VM_DONTCOPY, 77, 2, 5]);
    expect((v.prot & PTE_CACHE_MASK) >> PTE_CACHE_SHIFT).toBe(CacheMode.WriteCombine);
  });

  it('with vm_ops NULL makes anonymous memory', () => {
    const m = machine((machine, at) => void (machine.k.w[at + DESC.OPS] = OPS_NULL));
    const p = m.mmap(1, RW, 'private');
    expect([m.touch(p, true), m.mapped(p)]).toEqual(['ok', m.pfn('pool')]);
  });

  it('its error goes to the caller, without a VMA', () => {
    const m = machine(() => -7);
    expect([m.mmap(1, RW, 'shared'), m.k.vmas[0]!.mm, m.k.files[0]!.refs]).toEqual([-7, -1, 1]);
  });

  it('its argument is a description', () => {
    let kind = 0;
    const m = new Machine({
      release: '7.2',
      handlers: { mmapPrepare: (_m, [desc]) => ((kind = handleKind(desc!)), 0) },
    });
    m.mmap(1, RW, 'shared');
    expect(kind).toBe(HandleKind.Desc);
  });
});

describe('a remap action (B.11)', () => {
  it.each(['shared', 'private'] as const)(
    'sets the flags of remap_pfn_range and maps the frames: %s',
    (how) => {
      const m = full();
      const p = m.mmap(2, RW, how, 9);
      const v = m.vma(p)!;
      expect([m.mapped(p), m.mapped(p + PAGE), v.flags & VM_REMAP_FLAGS]).toEqual([
        m.pfn('buf'),
        m.pfn('buf', 1),
        VM_REMAP_FLAGS,
      ]);
      expect(v.pgoffLo).toBe(how === 'private' ? m.pfn('buf') : 9);
      expect([m.counts('buf'), m.rss, m.flags(p) & PTE_SPECIAL]).toEqual([[1, 0], [0, 0], PTE_SPECIAL]);
    },
  );

  it('of a part is fine in a shared VMA, -EINVAL in a copy-on-write one', () => {
    const shared = action(PAGE, PAGE);
    const p = shared.mmap(2, RW, 'shared');
    expect([shared.mapped(p), shared.mapped(p + PAGE)]).toEqual([undefined, shared.pfn('buf')]);
    const cow = action(PAGE, PAGE);
    expect([cow.mmap(2, RW, 'private'), cow.k.vmas[0]!.mm, cow.warned]).toEqual([-EINVAL, -1, false]);
  });

  it('a size inside the last page is not the whole of a copy-on-write VMA, but is enough for a shared one', () => {
    expect(action(0, 2 * PAGE - 1).mmap(2, RW, 'private')).toBe(-EINVAL);
    const m = action(0, 2 * PAGE - 1);
    expect(m.mapped(m.mmap(2, RW, 'shared') + PAGE)).toBe(m.pfn('buf', 1));
  });

  it.each([
    ['beyond the end', 0, 3 * PAGE],
    ['beyond the end, from inside', PAGE, 2 * PAGE],
    ['before the start', -PAGE, PAGE],
    ['behind the end', 2 * PAGE, PAGE],
  ])('%s warns when recorded, and is -EFAULT', (_name, off, bytes) => {
    const m = action(off, bytes);
    m.k.vmas[0]!.start = 0;
    expect([m.mmap(2, RW, 'shared'), m.warned, m.k.vmas[0]!.mm]).toEqual([-EFAULT, true, -1]);
  });

  it('at an unaligned address warns and is -EINVAL when it completes: the VMA is unmapped', () => {
    const m = action(8, PAGE, { handlers: { close: () => 0 } });
    expect([m.mmap(2, RW, 'shared'), m.warned, m.k.vmas[0]!.mm, m.k.w[m.k.mmapLock(0)]]).toEqual([
      -EINVAL,
      true,
      -1,
      0,
    ]);
  });

  it('keeps the protection of the time when it was recorded', () => {
    const m = machine((machine, at) => {
      mmapActionRemapFull(machine.k, at, machine.pfn('buf'));
      machine.k.w[at + DESC.PROT]! |= CacheMode.WriteCombine << PTE_CACHE_SHIFT;
    });
    const p = m.mmap(1, RW, 'shared');
    expect([m.flags(p) & PTE_CACHE_MASK, m.flags(p) & PTE_WRITE]).toEqual([0, PTE_WRITE]);
  });

  it('comes after the link: the VMA can be found before its entries are there', () => {
    const m = full({ processes: 2 });
    m.begin(sysMmap, 0, PAGE, RW, MAP_SHARED, 3, 0);
    m.stepUntil(() => vmaLookup(m.k, 0, 0) !== undefined);
    expect([vmaLookup(m.k, 0, 0)!.flags & VM_PFNMAP, m.mapped(m.k.arenaBase)]).toEqual([
      VM_PFNMAP,
      undefined,
    ]);
    while (!m.step());
    expect(m.mapped(m.k.arenaBase)).toBe(m.pfn('buf'));
  });

  it('that fails takes the VMA away again, by munmap, with ->close', () => {
    const m = machine(
      (machine, at) => {
        machine.k.w[at + DESC.OPS] = 2;
        mmapActionRemapFull(machine.k, at, machine.pfn('buf'));
      },
      { options: { faultsAlloc: true }, handlers: { close: () => 0 } },
    );
    m.pick = () => 1;
    expect([m.mmap(1, RW, 'shared'), m.log, m.k.vmas[0]!.mm, m.k.files[0]!.refs]).toEqual([
      -12,
      ['mmapPrepare', 'close'],
      -1,
      1,
    ]);
  });

  it('drops VM_LOCKED', () => {
    const m = full();
    const p = m.call(sysMmap, 0, PAGE, RW, MAP_SHARED | MAP_LOCKED, 3, 0);
    expect(m.vma(p)!.flags & VM_LOCKED).toBe(0);
  });

  it('of a VMA whose MAY bits the hook cleared is not copy-on-write', () => {
    const m = machine((machine, at) => {
      machine.k.w[at + DESC.FLAGS]! &= ~VM_MAYWRITE;
      const start = machine.k.vmas[0]!.start;
      mmapActionRemap(machine.k, at, machine.k.arenaBase + start * PAGE, machine.pfn('buf'), PAGE);
    });
    const p = m.call(sysMmap, 0, 2 * PAGE, PROT_READ, MAP_PRIVATE, 3, 9 * PAGE);
    expect([m.mapped(p), m.vma(p)!.pgoffLo]).toEqual([m.pfn('buf'), 9]);
  });
});

describe('mmap_prepare and merging (B.11)', () => {
  it('joins the neighbour after the hook, by the described fields, and nothing is completed', () => {
    const m = machine((machine, at) => void (machine.k.w[at + DESC.OPS] = 2), {
      handlers: { close: () => 0 },
    });
    const p = m.mmap(1, RW, 'shared', 5);
    m.call(sysMmap, p + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, 3, 6 * PAGE);
    expect([m.vma(p)!.pages, m.log, m.k.files[0]!.refs]).toEqual([2, ['mmapPrepare', 'mmapPrepare'], 2]);
  });

  it('never with an action, for its flags are special', () => {
    const m = full();
    const p = m.mmap(1, RW, 'shared', 5);
    m.call(sysMmap, p + PAGE, PAGE, RW, MAP_SHARED | MAP_FIXED, 3, 6 * PAGE);
    expect([m.vma(p)!.pages, m.mapped(p + PAGE)]).toEqual([1, m.pfn('buf')]);
  });
});

describe('an I/O remap action (B.11)', () => {
  it('is a remap once it is prepared', () => {
    const m = machine((machine, at) => {
      const start = machine.k.arenaBase + machine.k.vmas[0]!.start * PAGE;
      mmapActionIoremap(machine.k, at, start + PAGE, machine.pfn('bar', 3), PAGE);
    });
    const p = m.mmap(2, RW, 'shared');
    expect([m.mapped(p), m.mapped(p + PAGE), m.vma(p)!.flags & VM_REMAP_FLAGS]).toEqual([
      undefined,
      m.pfn('bar', 3),
      VM_REMAP_FLAGS,
    ]);
  });

  it.each([
    ['fits', 2, 6, (m: Machine) => m.pfn('bar', 6)],
    ['starts at the end', 1, 8, () => -EINVAL],
    ['starts behind the end', 1, 9, () => -EINVAL],
    ['ends behind the end', 3, 6, () => -EINVAL],
  ])('by physical address, a window that %s', (_name, pages, pgoff, wanted) => {
    const m = machine((machine, at) =>
      mmapActionSimpleIoremap(machine.k, at, machine.pfn('bar') * PAGE, 8 * PAGE),
    );
    const p = m.mmap(pages, RW, 'shared', pgoff);
    expect(p < 0 ? p : m.mapped(p)).toBe(wanted(m));
  });

  it('by physical address takes the offset and the protection that the hook leaves', () => {
    const m = machine((machine, at) => {
      mmapActionSimpleIoremap(machine.k, at, machine.pfn('bar') * PAGE, 8 * PAGE);
      machine.k.w[at + DESC.PGOFF_LO] = 2;
      machine.k.w[at + DESC.PROT]! |= CacheMode.WriteCombine << PTE_CACHE_SHIFT;
    });
    const p = m.mmap(1, RW, 'shared', 7);
    expect([m.mapped(p), (m.flags(p) & PTE_CACHE_MASK) >> PTE_CACHE_SHIFT]).toEqual([
      m.pfn('bar', 2),
      CacheMode.WriteCombine,
    ]);
  });
});

describe('error_override (B.11)', () => {
  const overriding = (value: number, off: number): Machine =>
    machine((m, at) => {
      m.k.w[at + DESC.ACT_OVERRIDE] = value;
      mmapActionRemap(m.k, at, m.k.arenaBase + m.k.vmas[0]!.start * PAGE + off, m.pfn('buf'), PAGE);
    });

  it.each([
    ['of the completion is replaced', -11, 8, -11, true],
    ['of the preparation is not', -11, 2 * PAGE, -EFAULT, true],
    ['is not needed: the mapping stands', -11, 0, 0, false],
    ['must be an errno', 11, 0, -EINVAL, true],
    ['must be one of the 4095', -4096, 0, -EINVAL, true],
    ['may be the last of them', -4095, 8, -4095, true],
  ])('an error %s', (_name, value, off, wanted, warned) => {
    const m = overriding(value, off);
    expect([Math.min(0, m.mmap(2, RW, 'shared')), m.warned]).toEqual([wanted, warned]);
  });
});

describe('vm_ops->mapped (B.11)', () => {
  it('runs after the entries are there, for new VMAs only', () => {
    const there: (number | undefined)[] = [];
    const m = machine(
      (machine, at) => {
        machine.k.w[at + DESC.OPS] = 2;
        mmapActionRemapFull(machine.k, at, machine.pfn('buf'));
      },
      { handlers: { mapped: (machine, [start]) => (there.push(machine.mapped(start!)), 0) } },
    );
    m.mmap(1, RW, 'shared');
    expect(there).toEqual([m.pfn('buf')]);
  });

  it('is not called when the action failed', () => {
    const m = machine(
      (machine, at) => {
        machine.k.w[at + DESC.OPS] = 2;
        mmapActionRemap(machine.k, at, machine.k.arenaBase + 8, machine.pfn('buf'), PAGE);
      },
      { handlers: { mapped: () => 0 } },
    );
    expect([m.mmap(2, RW, 'shared'), m.log]).toEqual([-EINVAL, ['mmapPrepare']]);
  });

  it('that fails takes the VMA away', () => {
    const m = machine((machine, at) => void (machine.k.w[at + DESC.OPS] = 2), {
      handlers: { mapped: () => -16, close: () => 0 },
    });
    expect([m.mmap(1, RW, 'shared'), m.log, m.k.vmas[0]!.mm, m.k.files[0]!.refs]).toEqual([
      -16,
      ['mmapPrepare', 'mapped', 'close'],
      -1,
      1,
    ]);
  });
});
