import { describe, expect, it } from 'vitest';
import { EEXIST, EFAULT, EINVAL, EIO, ESRCH } from '../../../src/kernel/errno.js';
import {
  FOLL_FORCE,
  FOLL_LONGTERM,
  FOLL_PIN,
  FOLL_WRITE,
  VM_IO,
  VM_MIXEDMAP,
} from '../../../src/kernel/flags.js';
import { sysSmaps, sysPagemap } from '../../../src/kernel/fs/proc/task_mmu.js';
import { genericAccessByte, sysFollowPfnmap, sysProcmem } from '../../../src/kernel/mm/follow.js';
import { handleIndex } from '../../../src/kernel/handle.js';
import { sysGup, sysPut, sysVmsplice } from '../../../src/kernel/mm/gup_users.js';
import { folioWalkStart } from '../../../src/kernel/mm/pagewalk.js';
import {
  sysGetpid,
  sysProcessVmReadv,
  sysProcessVmWritev,
} from '../../../src/kernel/mm/process_vm_access.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { PTE_SPECIAL } from '../../../src/kernel/pte.js';
import { RELEASES } from '../../../src/kernel/release.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { insertPages, mixed, remap } from './drivers.js';
import { type Handler, Machine, PAGE } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

function anon(m: Machine, pages: number): number {
  return m.call(sysMmap, 0, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/** process_vm_readv of one byte, from the process itself. */
function readv(m: Machine, addr: number): number {
  const local = anon(m, 1);
  return m.call(sysProcessVmReadv, m.call(sysGetpid), local, addr, 1);
}

describe.each(RELEASES)('GUP on %s', (release) => {
  it('refuses a VM_PFNMAP VMA before it looks, whatever the flags', () => {
    const m = new Machine({ release, handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, RW, 'private');
    for (const flags of [0, FOLL_WRITE, FOLL_WRITE | FOLL_FORCE, FOLL_PIN, FOLL_PIN | FOLL_LONGTERM]) {
      expect(m.call(sysGup, p, flags)).toBe(-EFAULT);
    }
    expect(m.normal(p)).toBe(-1);
  });

  it('the lockless path takes a COWed page of such a VMA, and the slow path does not', () => {
    const m = new Machine({ release, handlers: { mmap: remap('buf') } });
    const p = m.mmap(2, RW, 'private');
    m.touch(p, true);
    expect(m.call(sysVmsplice, p)).toBe(0);
    expect(m.call(sysVmsplice, p + PAGE)).toBe(-EFAULT);
    expect(m.call(sysGup, p, 0)).toBe(-EFAULT);
    expect(readv(m, p)).toBe(-EFAULT);
    expect(m.k.pages[m.normal(p)]!.refcount).toBe(2);
    expect(m.call(sysPut, p)).toBe(0);
    expect(m.k.pages[m.normal(p)]!.refcount).toBe(1);
    expect(m.call(sysPut, p)).toBe(-EINVAL);
  });

  it('without a special bit the lockless path never succeeds', () => {
    const m = new Machine({ release, arch: 'arm', handlers: { mmap: remap('buf') } });
    const p = m.mmap(1, RW, 'private');
    m.touch(p, true);
    expect(m.call(sysVmsplice, p)).toBe(-EFAULT);
    const q = anon(m, 1);
    m.touch(q, true);
    expect(m.call(sysVmsplice, q)).toBe(0);
  });

  it('a special entry of a VM_MIXEDMAP VMA is -EEXIST, and -EFAULT with VM_IO', () => {
    for (const [flags, err] of [
      [VM_MIXEDMAP, -EEXIST],
      [VM_MIXEDMAP | VM_IO, -EFAULT],
    ] as const) {
      const m = new Machine({ release, handlers: { mmap: mixed('bar', flags) } });
      const p = m.mmap(1, RW, 'shared');
      expect(m.flags(p) & PTE_SPECIAL).not.toBe(0);
      expect(m.call(sysGup, p, 0)).toBe(err);
      expect(m.call(sysVmsplice, p)).toBe(err);
      expect(readv(m, p)).toBe(-EFAULT);
    }
  });

  it('an inserted page gets a reference, or a pin of 1024', () => {
    const m = new Machine({ release, handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(1, RW, 'shared');
    expect(m.refcount('buf')).toBe(2);
    m.call(sysGup, p, FOLL_WRITE);
    expect(m.refcount('buf')).toBe(3);
    m.call(sysGup, p, FOLL_PIN);
    expect(m.refcount('buf')).toBe(3 + 1024);
    m.call(sysPut, p);
    m.call(sysPut, p);
    expect(m.refcount('buf')).toBe(2);
  });

  it('FOLL_WRITE faults the copy in; FOLL_FORCE writes where the program may not', () => {
    const m = new Machine({ release });
    const p = m.call(sysMmap, 0, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    expect(m.call(sysGup, p, FOLL_WRITE)).toBe(-EFAULT);
    m.touch(p, false);
    expect(m.call(sysGup, p, FOLL_WRITE | FOLL_FORCE)).toBe(0);
    expect(m.normal(p)).toBeGreaterThanOrEqual(0);
    expect(m.touch(p, true)).toBe('died');
  });

  it('FOLL_FORCE writes to copy-on-write mappings only', () => {
    const m = new Machine({ release, writable: false, handlers: { mmap: insertPages('buf') } });
    const shared = m.mmap(1, PROT_READ, 'shared');
    expect(m.call(sysGup, shared, FOLL_WRITE | FOLL_FORCE)).toBe(-EFAULT);
    const priv = m.mmap(1, PROT_READ, 'private');
    expect(m.call(sysGup, priv, FOLL_WRITE | FOLL_FORCE)).toBe(0);
    expect(m.normal(priv)).not.toBe(m.frame('buf'));
    expect(m.normal(shared)).toBe(m.frame('buf'));
  });

  it('the zero page is counted for a reference, not for a pin', () => {
    const m = new Machine({ release });
    const p = anon(m, 1);
    m.touch(p, false);
    const zero = m.k.pages[m.k.mem.zeroFrame]!;
    m.call(sysGup, p, 0);
    expect(zero.refcount).toBe(2);
    m.call(sysPut, p);
    m.call(sysGup, p, FOLL_PIN);
    expect(zero.refcount).toBe(1);
    expect(m.call(sysPut, p)).toBe(0);
    expect(zero.refcount).toBe(1);
  });

  it('a long-term read pin of the zero page unshares from 6.12 on', () => {
    const m = new Machine({ release });
    const p = anon(m, 1);
    m.touch(p, false);
    expect(m.mapped(p)).toBe(m.k.mem.zeroPfn);
    expect(m.call(sysGup, p, FOLL_PIN | FOLL_LONGTERM)).toBe(0);
    expect(m.mapped(p) === m.k.mem.zeroPfn).toBe(release === '6.1');
    expect(m.k.pages[m.k.mem.zeroFrame]!.refcount).toBe(1);
  });

  it('holes and unmapped places are -EFAULT', () => {
    const m = new Machine({ release });
    expect(m.call(sysGup, 0, 0)).toBe(-EFAULT);
    expect(m.call(sysGup, m.k.arenaBase, 0)).toBe(-EFAULT);
    expect(m.call(sysVmsplice, m.k.arenaBase)).toBe(-EFAULT);
  });
});

describe('the page of an unfaulted private mapping', () => {
  it('is copied by a read pin of a shared anonymous page', () => {
    const m = new Machine();
    const p = anon(m, 1);
    m.touch(p, true);
    const frame = m.normal(p);
    const page = m.k.pages[frame]!;
    page.flags &= ~2;
    page.refcount += 1;
    m.k.w[m.entry(p) + 1]! &= ~2;
    m.pick = (n) => n - 1;
    expect(m.call(sysGup, p, FOLL_PIN)).toBe(0);
    expect(m.normal(p)).not.toBe(frame);
  });
});

describe('raw lookups', () => {
  it('give the frame of any present entry, a COWed page included', () => {
    const m = new Machine({ handlers: { mmap: remap('bar') } });
    const p = m.mmap(2, RW, 'private');
    expect(m.call(sysFollowPfnmap, p + PAGE)).toBe(m.pfn('bar', 1));
    m.touch(p, true);
    expect(m.call(sysFollowPfnmap, p)).toBe(m.mapped(p));
    expect(m.call(sysFollowPfnmap, p)).not.toBe(m.pfn('bar'));
  });

  it('need VM_IO or VM_PFNMAP, and an entry', () => {
    const m = new Machine();
    const p = anon(m, 1);
    m.touch(p, true);
    expect(m.call(sysFollowPfnmap, p)).toBe(-EINVAL);
    expect(m.call(sysFollowPfnmap, m.k.arenaBase + 60 * PAGE)).toBe(-EFAULT);
  });
});

describe('process_vm', () => {
  it('copies what can be pinned, and counts nothing afterwards', () => {
    const m = new Machine({ handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(2, RW, 'shared');
    const q = anon(m, 2);
    const pid = m.call(sysGetpid);
    m.setByte('buf', 1, 7);
    expect(m.call(sysProcessVmReadv, pid, q, p, 2 * PAGE)).toBe(2 * PAGE);
    expect(m.byteOf(m.normal(q + PAGE))).toBe(7);
    m.k.w[m.cell(m.normal(q))] = 9;
    expect(m.call(sysProcessVmWritev, pid, q, p, 1)).toBe(1);
    expect(m.byteOf(m.frame('buf'))).toBe(9);
    expect(m.refcount('buf', 1)).toBe(2);
  });

  it('stops at the first page that cannot be had, on either side', () => {
    const m = new Machine({ handlers: { mmap: insertPages('buf') } });
    const p = m.mmap(2, RW, 'shared');
    const q = anon(m, 2);
    const pid = m.call(sysGetpid);
    m.munmap(p + PAGE, 1);
    expect(m.call(sysProcessVmReadv, pid, q, p, 2 * PAGE)).toBe(PAGE);
    expect(m.call(sysProcessVmReadv, pid, m.k.arenaBase + 60 * PAGE, p, 1)).toBe(-EFAULT);
    expect(m.call(sysProcessVmReadv, pid + 1, q, p, 1)).toBe(-ESRCH);
    expect(m.refcount('buf')).toBe(2);
  });
});

describe('folio_walk_start', () => {
  it('follows the class of the entry, not the flags of the VMA', () => {
    const m = new Machine({ handlers: { mmap: remap('buf') } });
    const p = m.mmap(2, RW, 'private');
    m.touch(p, true);
    const walk = (at: number) => folioWalkStart(m.k, m.vma(at)!, m.page(at));
    expect(walk(p)).toBe(m.normal(p));
    expect(walk(p)).toBeGreaterThanOrEqual(0);
    expect(walk(p + PAGE)).toBe(-1);
  });

  it('takes the zero page for none', () => {
    const m = new Machine();
    const p = anon(m, 1);
    m.touch(p, false);
    expect(folioWalkStart(m.k, m.vma(p)!, m.page(p))).toBe(-1);
  });
});

/** A driver's ->access that is generic_access_phys(). */
const access: Handler = (m, [vma, addr, to, , write]) =>
  genericAccessByte(m.k, m.k.vmas[handleIndex(vma!)]!, addr!, handleIndex(to!), write === 1);

describe('/proc', () => {
  it('smaps shows COWed pages of a raw VMA from 6.12 on, pagemap never', () => {
    const rss = RELEASES.map((release) => {
      const m = new Machine({ release, handlers: { mmap: remap('buf') } });
      const p = m.mmap(2, RW, 'private');
      m.touch(p, true);
      expect(m.call(sysPagemap, p)).toBe(0);
      return m.call(sysSmaps, p);
    });
    expect(rss).toEqual([0, 4, 4]);
  });

  it('pagemap shows raw frames of a VM_MIXEDMAP VMA, smaps does not count them', () => {
    const m = new Machine({ handlers: { mmap: mixed('bar', VM_MIXEDMAP) } });
    const p = m.mmap(2, RW, 'shared');
    expect(m.call(sysPagemap, p + PAGE)).toBe(m.pfn('bar', 1));
    expect(m.call(sysSmaps, p)).toBe(0);
  });

  it('/proc/self/mem reads raw frames through ->access, where the architecture can', () => {
    for (const [arch, value] of [
      ['x86_64', 0xff],
      ['arm64', 0xff],
      ['arm', -EIO],
      ['um', -EIO],
    ] as const) {
      const m = new Machine({ arch, handlers: { mmap: remap('bar', true), access } });
      const p = m.mmap(1, RW, 'shared');
      m.setByte('bar', 0, 0xff);
      expect([arch, m.call(sysProcmem, p)]).toEqual([arch, value]);
    }
  });

  it('/proc/self/mem cannot read a COWed page of a raw VMA: ioremap warns and refuses RAM', () => {
    const m = new Machine({ handlers: { mmap: remap('bar', true), access } });
    const p = m.mmap(1, RW, 'private');
    m.touch(p, true);
    expect(m.call(sysProcmem, p)).toBe(-EIO);
    expect(m.k.w[2]).not.toBe(0);
  });
});
