import { describe, expect, it } from 'vitest';
import { EFAULT, EINVAL, EIO } from '../../../src/kernel/errno.js';
import { FOLL_LONGTERM, FOLL_PIN, FOLL_WRITE, VM_PFNMAP } from '../../../src/kernel/flags.js';
import { sysFutex } from '../../../src/kernel/futex.js';
import { handleIndex } from '../../../src/kernel/handle.js';
import { genericAccessByte, sysProcmem, sysProcmemWrite } from '../../../src/kernel/mm/follow.js';
import { sysGup, sysGupFast, sysPut, sysReadPin, sysVmsplice } from '../../../src/kernel/mm/gup_users.js';
import { sysMmap } from '../../../src/kernel/mm/mmap.js';
import { RELEASES } from '../../../src/kernel/release.js';
import { MAP_ANONYMOUS, MAP_PRIVATE, PROT_READ, PROT_WRITE } from '../../../src/kernel/uapi.js';
import { insertPages, remap } from './drivers.js';
import { type Handler, Machine, PAGE } from './machine.js';

const RW = PROT_READ | PROT_WRITE;

function anon(m: Machine, prot = RW): number {
  return m.call(sysMmap, 0, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

/** A driver's ->access that is generic_access_phys(). */
const access: Handler = (m, [vma, addr, to, , write]) =>
  genericAccessByte(m.k, m.k.vmas[handleIndex(vma!)]!, addr!, handleIndex(to!), write === 1);

/** Inserts pages, then says that they are raw: what a ->fault that returns pages leaves in a VM_PFNMAP VMA. */
const pagesInPfnmap: Handler = (m, args) => {
  const err = insertPages('buf')(m, args);
  m.vmaOf(args[1]!).flags |= VM_PFNMAP;
  return err;
};

describe.each(RELEASES)('on %s', (release) => {
  it('an io_uring buffer may be a COWed page of a raw mapping, which slow GUP refuses', () => {
    const m = new Machine({ release, handlers: { mmap: remap('buf') } });
    const p = m.mmap(2, RW, 'private');
    m.touch(p, true);
    for (const flags of [FOLL_WRITE, FOLL_WRITE | FOLL_LONGTERM]) {
      expect(m.call(sysGup, p, flags)).toBe(-EFAULT);
      expect(m.call(sysGupFast, p, flags)).toBe(0);
      expect(m.call(sysGupFast, p + PAGE, flags)).toBe(-EFAULT);
    }
    expect(m.k.pages[m.normal(p)]!.refcount).toBe(1 + 1 + 1024);
  });

  it('GUP-fast leaves pages without a mapping to the slow path since 6.12, where secretmem exists', () => {
    for (const [arch, err] of [
      ['x86_64', release === '6.1' ? 0 : -EFAULT],
      ['arm64', release === '6.1' ? 0 : -EFAULT],
      ['arm_lpae', 0],
    ] as const) {
      const m = new Machine({ release, arch, handlers: { mmap: pagesInPfnmap } });
      const p = m.mmap(1, RW, 'shared');
      expect([arch, m.call(sysVmsplice, p)]).toEqual([arch, err]);
    }
  });

  it('GUP-fast takes no file page for a long-term write pin since 6.12', () => {
    const m = new Machine({ release, arch: 'arm_lpae', handlers: { mmap: pagesInPfnmap } });
    const p = m.mmap(1, RW, 'shared');
    expect(m.call(sysGupFast, p, FOLL_PIN | FOLL_WRITE)).toBe(0);
    expect(m.call(sysGupFast, p, FOLL_LONGTERM)).toBe(0);
    expect(m.call(sysGupFast, p, FOLL_LONGTERM | FOLL_WRITE)).toBe(release === '6.1' ? 0 : -EFAULT);
  });

  it('/proc/self/mem writes over protection where the configuration lets it', () => {
    const m = new Machine({ release });
    const p = anon(m, PROT_READ);
    m.touch(p, false);
    expect(m.call(sysProcmemWrite, p, 7)).toBe(release === '7.2' ? -EIO : 0);
    expect(m.call(sysProcmem, p)).toBe(release === '7.2' ? 0 : 7);
    const q = anon(m);
    expect(m.call(sysProcmemWrite, q, 7)).toBe(0);
    expect(m.call(sysProcmem, q)).toBe(7);
  });
});

describe('/proc/self/mem', () => {
  it('writes raw frames through ->access if the entry is writable', () => {
    const m = new Machine({ handlers: { mmap: remap('bar', true), access } });
    const shared = m.mmap(1, RW, 'shared');
    expect(m.call(sysProcmemWrite, shared, 9)).toBe(0);
    expect(m.byteOf(m.frame('bar'))).toBe(9);
    const copied = m.mmap(1, RW, 'private');
    expect(m.call(sysProcmemWrite, copied, 8)).toBe(-EIO);
    expect(m.call(sysProcmem, copied)).toBe(9);
  });

  it('cannot without ->access, and not where there is no ioremap_prot()', () => {
    const m = new Machine({ handlers: { mmap: remap('bar', true) } });
    expect(m.call(sysProcmemWrite, m.mmap(1, RW, 'shared'), 9)).toBe(-EIO);
    const um = new Machine({ arch: 'um', handlers: { mmap: remap('bar', true), access } });
    expect(um.call(sysProcmemWrite, um.mmap(1, RW, 'shared'), 9)).toBe(-EIO);
  });
});

describe('read_pin', () => {
  it('shows the page that was taken, not the one that is mapped', () => {
    const m = new Machine();
    const p = anon(m);
    m.touch(p, true);
    m.k.w[m.cell(m.normal(p))] = 3;
    expect(m.call(sysReadPin, p)).toBe(-EINVAL);
    expect(m.call(sysVmsplice, p)).toBe(0);
    m.munmap(p, 1);
    expect(m.call(sysReadPin, p)).toBe(3);
    expect(m.call(sysPut, p)).toBe(0);
    expect(m.call(sysReadPin, p)).toBe(-EINVAL);
  });
});

describe('futex', () => {
  it('needs an anonymous page that may be written, or a file', () => {
    const m = new Machine({ handlers: { mmap: insertPages('buf') } });
    expect(m.call(sysFutex, anon(m))).toBe(0);
    const p = anon(m, PROT_READ);
    m.touch(p, false);
    expect(m.call(sysFutex, p)).toBe(-EFAULT);
    const driver = m.mmap(1, RW, 'shared');
    expect(m.call(sysFutex, driver)).toBe(-EFAULT);
    expect(m.refcount('buf')).toBe(2);
    expect(m.call(sysFutex, driver + 2)).toBe(-EINVAL);
    expect(m.call(sysFutex, driver + 9 * PAGE)).toBe(-EFAULT);
  });
});
