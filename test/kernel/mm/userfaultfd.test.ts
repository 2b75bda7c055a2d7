import { describe, expect, it } from 'vitest';
import { EINVAL, EPERM } from '../../../src/kernel/errno.js';
import {
  VM_DONTCOPY,
  VM_DONTEXPAND,
  VM_IO,
  VM_MAYWRITE,
  VM_MIXEDMAP,
  VM_PFNMAP,
} from '../../../src/kernel/flags.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { sysUffdRegister } from '../../../src/kernel/mm/userfaultfd.js';
import { RELEASES } from '../../../src/kernel/release.js';
import { MAP_ANONYMOUS, MAP_FIXED, MAP_PRIVATE, PROT_READ } from '../../../src/kernel/uapi.js';
import { OPS_NULL, type Vma } from '../../../src/kernel/world.js';
import { Machine, PAGE, type Setup } from './machine.js';

/** Pages of anonymous memory at a page of the arena. */
function anonymous(m: Machine, page: number, pages: number): void {
  const at = m.k.arenaBase + page * PAGE;
  m.call(sysMmap, at, pages * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
}

/** Anonymous pages 2 to 4 and 6 to 7 of the arena. */
function world(setup: Setup = {}): Machine {
  const m = new Machine(setup);
  anonymous(m, 2, 3);
  anonymous(m, 6, 2);
  return m;
}

/** uffd_register() of pages of the arena; mmap_lock must be free afterwards. */
function register(m: Machine, page: number, pages: number): number {
  const r = m.call(sysUffdRegister, m.k.arenaBase + page * PAGE, pages * PAGE);
  expect(m.k.w[m.k.mmapLock(0)]).toBe(0);
  return r;
}

function vma(m: Machine, page: number): Vma {
  return m.vma(m.k.arenaBase + page * PAGE)!;
}

/** Start and end of all VMAs, by address. */
function ranges(m: Machine): string {
  const all: string[] = [];
  for (let page = 0; page < 64; page++) {
    const v = vma(m, page);
    if (v?.start === page) all.push(`${v.start}-${v.end}`);
  }
  return all.join(' ');
}

describe('uffd_register() (D.8)', () => {
  it.each([
    ['a whole VMA', 2, 3, 0],
    ['a part', 3, 1, 0],
    ['its end', 4, 1, 0],
    ['both, and the hole between', 2, 6, 0],
    ['parts of both', 4, 3, 0],
    ['holes around', 0, 64, 0],
    ['past the arena', 6, 1000, 0],
    ['from below the arena', -1, 4, 0],
    ['no VMA', 0, 2, -EINVAL],
    ['a hole in front of a VMA', 5, 1, -EINVAL],
    ['nothing behind', 8, 3, -EINVAL],
    ['below the arena', -3, 1, -EINVAL],
    ['an address inside a page', 2.5, 1, -EINVAL],
    ['half a page', 2, 0.5, -EINVAL],
    ['no length', 2, 0, -EINVAL],
    ['an end that is no user address', 2, 2 ** 40, -EINVAL],
  ])('of %s leaves everything in one piece', (_name, page, pages, wanted) => {
    const m = world();
    expect([register(m, page, pages), ranges(m)]).toEqual([wanted, '2-5 6-8']);
  });

  it('takes memory up to the end of user space, and not a page more', () => {
    const m = world();
    const end = m.k.facts.taskSize / PAGE - m.k.arenaBase / PAGE;
    expect([register(m, 2, end - 2), register(m, 2, end - 1)]).toEqual([0, -EINVAL]);
  });

  it.each([VM_IO, VM_PFNMAP, VM_MIXEDMAP, VM_DONTEXPAND])(
    'of a special VMA (0x%x) is refused since 6.12, and cuts it in 6.1',
    (flag) => {
      for (const release of RELEASES) {
        const m = world({ release });
        vma(m, 2).flags |= flag;
        const wanted = release === '6.1' ? [0, '2-3 3-4 4-5 6-8'] : [-EINVAL, '2-5 6-8'];
        expect([register(m, 3, 1), ranges(m)]).toEqual(wanted);
      }
    },
  );

  it.each(RELEASES)('asks only for special flags, %s', (release) => {
    const m = world({ release });
    vma(m, 2).flags |= VM_DONTCOPY;
    expect([register(m, 3, 1), ranges(m)]).toEqual([0, '2-5 6-8']);
  });

  it.each(RELEASES)("takes a device's VMA only if that has no vm_ops, %s", (release) => {
    const m = world({ release, handlers: { mmap: () => 0 } });
    m.call(sysMmap, m.k.arenaBase + 10 * PAGE, 2 * PAGE, PROT_READ, MAP_PRIVATE | MAP_FIXED, 3, 0);
    expect(register(m, 10, 1)).toBe(-EINVAL);
    vma(m, 10).ops = OPS_NULL;
    expect([register(m, 10, 1), ranges(m)]).toEqual([0, '2-5 6-8 10-12']);
  });

  it('wants VM_MAYWRITE', () => {
    const m = world();
    vma(m, 2).flags &= ~VM_MAYWRITE;
    expect([register(m, 3, 1), register(m, 6, 1)]).toEqual([-EPERM, 0]);
    vma(m, 2).flags |= VM_PFNMAP;
    expect(register(m, 3, 1)).toBe(-EINVAL);
  });

  it('looks at all VMAs before it cuts one, and says what the first unfit one is', () => {
    const m = world({ release: '7.2' });
    vma(m, 6).flags &= ~VM_MAYWRITE;
    expect([register(m, 3, 4), ranges(m)]).toEqual([-EPERM, '2-5 6-8']);
    vma(m, 2).flags |= VM_IO;
    expect(register(m, 3, 4)).toBe(-EINVAL);
    expect(register(m, 5, 2)).toBe(-EPERM);
  });

  it('waits for mmap_lock', () => {
    const m = new Machine({ extraThreads: 1 });
    anonymous(m, 2, 1);
    const lock = m.k.mmapLock(0);
    m.k.tryRead(lock);
    m.begin(sysUffdRegister, m.k.arenaBase + 2 * PAGE, PAGE);
    m.step();
    expect([m.finished, m.blocked]).toEqual([false, true]);
    m.k.upRead(lock);
    m.step();
    expect([m.finished, m.result()]).toEqual([true, 0]);
  });

  it('lets an error of the range pass without the lock', () => {
    const m = world();
    m.k.tryRead(m.k.mmapLock(0));
    expect(m.call(sysUffdRegister, m.k.arenaBase, 1)).toBe(-EINVAL);
  });
});
