/** What a core dump holds of a page, with the filter that processes start with: `fs/coredump.c`, `mm/gup.c:get_dump_page` (D.8). */
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EFAULT, ENODATA } from '../errno.js';
import { callPageFault, FAULT, translate, userPage } from '../fault.js';
import {
  FOLL_DUMP,
  FOLL_FORCE,
  FOLL_GET,
  FOLL_UNLOCKABLE,
  VM_DONTDUMP,
  VM_IO,
  VM_READ,
  VM_SHARED,
} from '../flags.js';
import { readByte } from '../mm/follow.js';
import { callGetUserPage } from '../mm/gup.js';
import { putPage } from '../mm/page_alloc.js';
import { none, walk } from '../mm/pgtable.js';
import { vmaLookup } from '../mm/vma.js';
import { OPS_NULL, VMA_ANON_VMA, type Vma } from '../world.js';

/** How much of a VMA is dumped. */
const Dump = { Nothing: 0, ElfHeader: 1, Whole: 2 } as const;

/**
 * `fs/coredump.c:vma_dump_size`. The file that a device's VMA belongs to has a name, so that a shared one is MMF_DUMP_MAPPED_SHARED, which is off.
 * Nobody may execute it, so that a private one has to be read to know whether it begins with an ELF header.
 */
function vmaDumpSize(vma: Vma): number {
  if ((vma.flags & (VM_DONTDUMP | VM_IO | VM_SHARED)) !== 0) return Dump.Nothing;
  if (vma.has(VMA_ANON_VMA)) return Dump.Whole;
  if (vma.file < 0 || (vma.flags & VM_READ) === 0) return Dump.Nothing;
  return vma.pgoff === 0 ? Dump.ElfHeader : Dump.Nothing;
}

/** Local words: the address (two words), and the first page of its VMA. */
const L = { ADDR: 1, FIRST: 3, WORDS: 3 } as const;

const Pc = { Start: 0, Elf: 1, Faulted: 2, Dump: 3, Got: 4 } as const;

/**
 * The test's coredump(p): what a core dump that were made now would hold of this page, with all that making it does to the page and to its
 * VMA's first. Argument: address (two words). Returns 1 for its contents, 0 for a hole, -ENODATA if the dump leaves it out, -EFAULT
 * without a VMA.
 */
export const sysCoredump: Routine = routine('fs/coredump.c:do_coredump', L.WORDS, (k, f, pc) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  const pg = userPage(k, k.w[f + L.ADDR]!, k.w[f + L.ADDR + 1]!);
  switch (pc) {
    case Pc.Start: {
      if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
      const vma = vmaLookup(k, proc, pg);
      k.upWrite(lock);
      if (vma === undefined) return k.ret(f, -EFAULT);
      const size = vmaDumpSize(vma);
      if (size === Dump.Nothing) return k.ret(f, -ENODATA);
      k.w[f + L.FIRST] = vma.start;
      return k.point(f, size === Dump.Whole ? Pc.Dump : Pc.Elf);
    }
    case Pc.Elf: {
      const frame = translate(k, proc, k.w[f + L.FIRST]!, false);
      if (frame === FAULT) return callPageFault(k, f, Pc.Faulted, k.w[f + L.FIRST]!, false, true);
      return pg === k.w[f + L.FIRST] && isElf(k, frame) ? k.point(f, Pc.Dump) : k.ret(f, -ENODATA);
    }
    case Pc.Faulted:
      return k.takeRet() === 0 ? k.point(f, Pc.Elf) : k.ret(f, -ENODATA);
    case Pc.Dump: {
      if (!k.tryRead(lock)) return k.wait(f, Pc.Dump, lock, LockMode.Read);
      if (isHole(k, proc, pg)) return done(k, f, 0);
      const foll = FOLL_FORCE | FOLL_DUMP | FOLL_GET;
      const unlockable = k.facts.dumpMayUnlock ? FOLL_UNLOCKABLE : 0;
      return callGetUserPage(k, f, Pc.Got, proc, pg, foll | unlockable);
    }
    default: {
      const frame = k.takeRet();
      if (frame >= 0) putPage(k, frame);
      return done(k, f, frame >= 0 ? 1 : 0);
    }
  }
});

function done(k: Kernel, f: number, value: number): void {
  k.upRead(k.mmapLock(k.currentProc));
  k.ret(f, value);
}

/** `include/uapi/linux/elf.h:ELFMAG`. */
const ELFMAG = [0x7f, 0x45, 0x4c, 0x46] as const;

function isElf(k: Kernel, frame: number): boolean {
  for (let i = 0; i < ELFMAG.length; i++) if (readByte(k, frame, i) !== ELFMAG[i]) return false;
  return true;
}

/** `mm/gup.c:no_page_table`: where no ->fault could bring a page nothing is faulted in, and a missing entry is a hole. */
function isHole(k: Kernel, proc: number, pg: number): boolean {
  const ops = vmaLookup(k, proc, pg)?.ops ?? OPS_NULL;
  return k.program.vmOps[ops]?.fault === undefined && none(k, walk(k, proc, pg));
}
