import { describe, expect, it } from 'vitest';
import { EFAULT, EINVAL, ENOMEM } from '../../../src/kernel/errno.js';
import { VM_MIXEDMAP, VM_PAT, VM_PFNMAP } from '../../../src/kernel/flags.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { sysMremap } from '../../../src/kernel/mm/mremap.js';
import { RELEASES } from '../../../src/kernel/release.js';
import {
  MAP_ANONYMOUS,
  MAP_FIXED,
  MAP_PRIVATE,
  MREMAP_DONTUNMAP,
  MREMAP_FIXED,
  MREMAP_MAYMOVE,
  PROT_READ,
  PROT_WRITE,
} from '../../../src/kernel/uapi.js';
import { flagged, insertPages, remap } from './drivers.js';
import { Machine, PAGE, type Handler } from './machine.js';

const RW = PROT_READ | PROT_WRITE;
const MOVE = MREMAP_MAYMOVE | MREMAP_FIXED;

/** Where moves go: far behind everything else. */
const far = (m: Machine, page = 40): number => m.k.arenaBase + page * PAGE;

describe.each(RELEASES)('mremap on %s', (release) => {
  it('refuses wrong flags and addresses', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'shared');
    const call = (...args: number[]) => m.call(sysMremap, ...args);
    expect(call(p, PAGE, PAGE, 8, 0)).toBe(-EINVAL);
    expect(call(p, PAGE, PAGE, MREMAP_FIXED, far(m))).toBe(-EINVAL);
    expect(call(p, PAGE, 2 * PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0)).toBe(-EINVAL);
    expect(call(p + 1, PAGE, PAGE, 0, 0)).toBe(-EINVAL);
    expect(call(p, PAGE, 0, 0, 0)).toBe(-EINVAL);
    expect(call(p, 2 * PAGE, 2 * PAGE, MOVE, p + PAGE)).toBe(-EINVAL);
    expect(call(p, 2 * PAGE, 2 * PAGE, MOVE, far(m) + 1)).toBe(-EINVAL);
    expect(call(far(m), PAGE, PAGE, 0, 0)).toBe(-EFAULT);
    const q = m.mmap(1, RW, 'private');
    expect(call(q, 0, PAGE, MREMAP_MAYMOVE, 0)).toBe(-EINVAL);
  });

  it('same size stays, smaller unmaps the tail', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(3, RW, 'shared');
    expect(m.call(sysMremap, p, 3 * PAGE, 3 * PAGE, 0, 0)).toBe(p);
    expect(m.call(sysMremap, p, 3 * PAGE, PAGE, 0, 0)).toBe(p);
    expect(m.vma(p)!.pages).toBe(1);
    expect(m.mapped(p + PAGE)).toBeUndefined();
  });

  it('a raw mapping cannot grow', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'shared');
    expect(m.call(sysMremap, p, 2 * PAGE, 3 * PAGE, MREMAP_MAYMOVE, 0)).toBe(-EFAULT);
    expect(m.call(sysMremap, p, 0, 2 * PAGE, MREMAP_MAYMOVE, 0)).toBe(-EFAULT);
    expect(m.call(sysMremap, p, 2 * PAGE, 2 * PAGE, MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0)).toBe(-EINVAL);
  });

  it('a move keeps frames, entries and the linear rule, also of a part', () => {
    const m = new Machine({ release, arch: 'arm', handlers: { mmap: remap('buf') } });
    const p = m.mmap(3, RW, 'private');
    expect(m.call(sysMremap, p + PAGE, PAGE, PAGE, MOVE, far(m))).toBe(far(m));
    expect(m.mapped(far(m))).toBe(m.pfn('buf', 1));
    expect(m.vma(far(m))!.pgoffLo).toBe(m.pfn('buf', 1));
    expect(m.mapped(p + PAGE)).toBeUndefined();
    for (const at of [p, p + 2 * PAGE, far(m)]) expect(m.normal(at)).toBe(-1);
    expect(m.refcount('buf', 1)).toBe(1);
  });

  it('a move of inserted pages changes no count', () => {
    const m = new Machine({ release, handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(2, RW, 'shared');
    const before = [m.refcount('buf'), m.k.pages[m.frame('buf')]!.mapcount, m.k.procs[0]!.rssFile];
    m.call(sysMremap, p, 2 * PAGE, 2 * PAGE, MOVE, far(m));
    expect([m.refcount('buf'), m.k.pages[m.frame('buf')]!.mapcount, m.k.procs[0]!.rssFile]).toEqual(before);
    expect(m.normal(far(m))).toBe(m.frame('buf'));
  });

  it('vm_ops hear of the copy, the move and the end of the old place, in that order', () => {
    const heard = { open: () => 0, mremap: () => 0, close: () => 0 };
    const m = new Machine({ release, handlers: { mmap: remap('bar', true), ...heard } });
    const p = m.mmap(1, RW, 'shared');
    m.call(sysMremap, p, PAGE, PAGE, MOVE, far(m));
    expect(m.log).toEqual(['mmap', 'open', 'mremap', 'close']);
    expect(m.k.files[0]!.refs).toBe(2);
  });

  it('a driver that refuses the move gets everything back', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar', true), mremap: () => -EINVAL } });
    const p = m.mmap(2, RW, 'shared');
    expect(m.call(sysMremap, p, 2 * PAGE, 2 * PAGE, MOVE, far(m))).toBe(-EINVAL);
    expect(m.vma(far(m))).toBeUndefined();
    expect(m.mapped(p + PAGE)).toBe(m.pfn('bar', 1));
  });

  it('a refused move has unmapped its target already, up to 6.12', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'shared');
    const other = m.call(sysMmap, far(m), PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    expect(m.call(sysMremap, p, 2 * PAGE, 3 * PAGE, MOVE, other)).toBe(-EFAULT);
    expect(m.vma(other) === undefined).toBe(release !== '7.2');
  });

  it('several VMAs move with their gaps in 7.2 only', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(4, RW, 'shared');
    m.munmap(p + PAGE, 1);
    const r = m.call(sysMremap, p, 4 * PAGE, 4 * PAGE, MOVE, far(m));
    if (release !== '7.2') return expect(r).toBe(-EFAULT);
    expect(r).toBe(far(m));
    const there = [0, 1, 2, 3].map((i) => m.mapped(far(m) + i * PAGE));
    expect(there).toEqual([m.pfn('bar'), undefined, m.pfn('bar', 2), m.pfn('bar', 3)]);
    expect([0, 1, 2, 3].map((i) => m.vma(p + i * PAGE))).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('a VM_MIXEDMAP mapping with room behind does not grow in place, but for ->close in 6.1', () => {
    for (const close of [false, true]) {
      const handlers = { mmap: flagged(VM_MIXEDMAP), fault: () => 2, ...(close && { close: () => 0 }) };
      const m = new Machine({ release, handlers });
      const p = m.mmap(1, RW, 'shared');
      expect(m.call(sysMremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0)).toBe(
        close && release === '6.1' ? p : -ENOMEM,
      );
    }
  });

  it('a VM_MIXEDMAP mapping without room behind moves and grows, its tail empty', () => {
    const m = new Machine({ release, handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(1, RW, 'shared');
    m.call(sysMmap, p + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    const q = m.call(sysMremap, p, PAGE, 2 * PAGE, MREMAP_MAYMOVE, 0);
    expect(q).toBeGreaterThan(p);
    expect([m.mapped(q), m.mapped(q + PAGE)]).toEqual([m.pfn('buf'), undefined]);
  });

  it('ordinary memory grows in place', () => {
    const m = new Machine({ release });
    const p = m.call(sysMmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(m.call(sysMremap, p, PAGE, 3 * PAGE, 0, 0)).toBe(p);
    expect(m.vma(p)!.pages).toBe(3);
  });

  it('the memory type follows a move on x86 up to 6.12', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'shared');
    m.call(sysMremap, p, PAGE, PAGE, MOVE, far(m));
    const tracked = [p + PAGE, far(m)].map((at) => (m.vma(at)!.flags & VM_PAT) !== 0);
    expect(tracked).toEqual([false, release !== '7.2']);
  });
});

describe.each(RELEASES)('mremap that shrinks on %s', (release) => {
  it('in place closes the tail under the lock for reading', () => {
    const locks: (number | undefined)[] = [];
    const close: Handler = (m) => (locks.push(m.k.w[m.k.mmapLock(0)]), 0);
    const m = new Machine({ release, handlers: { mmap: remap('bar', true), close } });
    const p = m.mmap(2, RW, 'shared');
    expect(m.call(sysMremap, p, 2 * PAGE, PAGE, 0, 0)).toBe(p);
    expect([locks, m.k.w[m.k.mmapLock(0)]]).toEqual([[1], 0]);
  });

  it('to a fixed place may cut away what lies behind the VMA', () => {
    const m = new Machine({ release, handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'shared');
    const other = m.call(sysMmap, p + 2 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    expect(m.call(sysMremap, p, 3 * PAGE, PAGE, MOVE, far(m))).toBe(far(m));
    expect([m.mapped(far(m)), m.vma(p), m.vma(other)]).toEqual([m.pfn('bar'), undefined, undefined]);
  });
});

describe('vm_ops set to NULL', () => {
  it('lets a move set vm_pgoff to the address, which breaks the linear rule', () => {
    const m = new Machine({
      arch: 'arm',
      handlers: {
        mmap: (machine, args) => {
          const err = remap('buf')(machine, args);
          machine.vmaOf(args[1]!).ops = 0;
          return err;
        },
      },
    });
    const p = m.mmap(1, RW, 'private');
    expect(m.normal(p)).toBe(-1);
    m.call(sysMremap, p, PAGE, PAGE, MOVE, far(m));
    expect(m.vma(far(m))!.flags & VM_PFNMAP).not.toBe(0);
    expect(m.normal(far(m))).toBe(m.frame('buf'));
  });
});

describe('MREMAP_DONTUNMAP', () => {
  it('leaves the old place mapped and empty', () => {
    const m = new Machine();
    const p = m.call(sysMmap, 0, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    m.touch(p, true);
    const pfn = m.mapped(p);
    const q = m.call(sysMremap, p, PAGE, PAGE, MREMAP_DONTUNMAP | MREMAP_MAYMOVE, 0);
    expect(q).not.toBe(p);
    expect([m.mapped(p), m.mapped(q)]).toEqual([undefined, pfn]);
    expect(m.vma(p)).toBeDefined();
  });
});
