/** Looking up raw frames, and accesses through them: `mm/memory.c:follow_pfnmap_start`, `generic_access_phys` (D.3). */
import { userPage } from '../fault.js';
import type { Kernel } from '../kernel.js';
import { CapacityError } from '../layout.js';
import { handle, HandleKind, handleIndex } from '../handle.js';
import { LockMode, routine, type CFunction, type Routine } from '../routine.js';
import { EFAULT, EINVAL, EIO, ENOMEM } from '../errno.js';
import { FOLL_FORCE, FOLL_GET, FOLL_REMOTE, FOLL_TOUCH, FOLL_WRITE, VM_IO, VM_PFNMAP } from '../flags.js';
import { Level, PTE_WRITE } from '../pte.js';
import { PG_RESERVED, type Vma } from '../world.js';
import { callGetUserPage } from './gup.js';
import { pageOfAddr } from './page.js';
import { cellsOf, NO_PAGE, putPage } from './page_alloc.js';
import { entryPfn, levelPages, present, walk } from './pgtable.js';
import { vmaLookup } from './vma.js';

/**
 * `mm/memory.c:follow_pfnmap_start` (6.1: `follow_pfn`): the frame behind any present entry of a VM_IO or VM_PFNMAP VMA, a
 * COWed page's included. 6.1 does not look where the VMA ends: a neighbour's entry is as good.
 * @returns pfn, or -EINVAL
 */
export function followPfnmap(k: Kernel, vma: Vma, pg: number): number {
  if ((vma.flags & (VM_IO | VM_PFNMAP)) === 0) return -EINVAL;
  if (pg < vma.start || pg >= vma.end) {
    if (!k.facts.followPfn) return -EINVAL;
    if (pg < 0 || pg >= k.layout.caps.arena) throw new CapacityError('arena');
  }
  const e = walk(k, vma.mm, pg);
  if (!present(k, e) || (k.level !== Level.Pte && k.facts.followPfn)) return -EINVAL;
  return entryPfn(k, e) + (pg % levelPages(k, k.level));
}

/** Whether the entry that {@link followPfnmap} has found may be written. */
export function isWritable(k: Kernel, vma: Vma, pg: number): boolean {
  return (k.w[walk(k, vma.mm, pg) + 1]! & PTE_WRITE) !== 0;
}

/** Whether a frame has a struct page that is not reserved. */
export function isPage(k: Kernel, frame: number): boolean {
  return k.mem.hasPage[frame] === 1 && (k.pages[frame]!.flags & PG_RESERVED) === 0;
}

/** What ioremap takes for RAM: on x86 any frame with a struct page that is not reserved. */
function isMemory(k: Kernel, frame: number): boolean {
  return k.facts.ioremapTakesReserved ? isPage(k, frame) : k.mem.hasPage[frame] === 1;
}

/** The test's follow_pfnmap(p). Argument: address (two words). Returns the pfn, -EINVAL, or -EFAULT without a VMA. */
export const sysFollowPfnmap: Routine = routine('mm/memory.c:follow_pfnmap_start', 2, (k, f) => {
  const proc = k.currentProc;
  const lock = k.mmapLock(proc);
  if (!k.tryRead(lock)) return k.wait(f, 0, lock, LockMode.Read);
  const pg = userPage(k, k.w[f + 1]!, k.w[f + 2]!);
  const vma = vmaLookup(k, proc, pg);
  const pfn = vma === undefined ? -EFAULT : followPfnmap(k, vma, pg);
  k.upRead(lock);
  retPfn(k, f, pfn);
});

/** Gives a frame number (or -errno) to a program, which can tell the frame from all others then. */
export function retPfn(k: Kernel, f: number, pfn: number): void {
  k.exchange?.number(k.mem.frame(pfn));
  k.ret(f, pfn | 0, Math.floor(pfn / 2 ** 32));
}

/** Local words of ->access: VMA, address (two words), buffer, length, gup flags. */
const ACCESS = { VMA: 0, ADDR: 1, BUF: 3, LEN: 4, WRITE: 5, WORDS: 6 } as const;

const Pc = { Start: 0, Got: 1, Accessed: 2 } as const;

/** Local words of {@link sysProcmem} and its twin: the address (two words), then the byte (two words). */
const PROCMEM = { ADDR: 1, BYTE: 3, WORDS: 4 } as const;

/**
 * One byte of the process's own memory through /proc/self/mem: `fs/proc/base.c:mem_rw`, `mm/memory.c:__access_remote_vm`. GUP, with
 * FOLL_FORCE if the configuration lets a process force its own memory, and where that fails vm_ops->access, if the architecture has
 * ioremap_prot().
 */
function procmem(name: string, write: boolean): Routine {
  return routine(name, PROCMEM.WORDS, (k, f, pc) => {
    const proc = k.currentProc;
    const lock = k.mmapLock(proc);
    const pg = userPage(k, k.w[f + PROCMEM.ADDR]!, k.w[f + PROCMEM.ADDR + 1]!);
    if (pc === Pc.Start) {
      if (!k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
      const foll = FOLL_REMOTE | FOLL_GET | FOLL_TOUCH | (write ? FOLL_WRITE : 0);
      return callGetUserPage(k, f, Pc.Got, proc, pg, foll | (k.facts.procMemForces ? FOLL_FORCE : 0));
    }
    const r = k.takeRet();
    if (pc === Pc.Accessed) {
      k.upRead(lock);
      return k.ret(f, r <= 0 ? -EIO : write ? 0 : k.w[f + PROCMEM.BYTE]! & 0xff);
    }
    if (r >= 0) {
      k.upRead(lock);
      return k.ret(f, copyAndPut(k, r, k.w[f + PROCMEM.ADDR]! & 4095, f + PROCMEM.BYTE, write));
    }
    const vma = vmaLookup(k, proc, pg);
    const access = vma === undefined ? undefined : k.program.vmOps[vma.ops]?.access;
    if (access === undefined || !k.facts.ioremapProt) {
      k.upRead(lock);
      return k.ret(f, -EIO);
    }
    k.arg(0, handle(HandleKind.Vma, vma!.slot));
    k.arg(1, k.w[f + PROCMEM.ADDR]!, k.w[f + PROCMEM.ADDR + 1]!);
    k.arg(2, handle(HandleKind.Data, f + PROCMEM.BYTE));
    k.arg(3, 1);
    k.arg(4, write ? 1 : 0);
    k.callC(f, Pc.Accessed, access);
  });
}

/** The test's procmem(p): reads a byte. Argument: address (two words). Returns the byte or -EIO. */
export const sysProcmem = procmem('mm/memory.c:__access_remote_vm', false);

/** The test's procmem_write(p, byte). Arguments: address (two words), the byte. Returns 0 or -EIO. */
export const sysProcmemWrite = procmem('fs/proc/base.c:mem_write', true);

function copyAndPut(k: Kernel, frame: number, offset: number, word: number, write: boolean): number {
  if (write) writeByte(k, frame, offset, k.w[word]!);
  const byte = write ? 0 : readByte(k, frame, offset);
  putPage(k, frame);
  return byte;
}

/**
 * `mm/memory.c:generic_access_phys` as a driver's ->access calls it, for one byte.
 * @param addr byte address
 * @param word the byte to write, or where the one read goes
 * @returns the bytes read or written (1), or -EINVAL (nothing mapped, or not writable), or -ENOMEM (ioremap refuses RAM)
 */
export function genericAccessByte(k: Kernel, vma: Vma, addr: number, word: number, write: boolean): number {
  const pg = pageOfAddr(k, addr);
  const pfn = followPfnmap(k, vma, pg);
  if (pfn === -EINVAL) return pfn;
  if (write && !isWritable(k, vma, pg)) return -EINVAL;
  const frame = k.mem.frame(pfn);
  if (k.facts.ioremapRefusesRam && isMemory(k, frame)) {
    k.warn();
    return -ENOMEM;
  }
  if (write) writeByte(k, frame, addr % 4096, k.w[word]!);
  else k.w[word] = readByte(k, frame, addr % 4096);
  return 1;
}

/** A parameter of one word. */
const word = (slot: number) => ({ slot, words: 1 });

/** `mm/memory.c:generic_access_phys` standing in vm_operations_struct itself: one byte at a time. Parameters as ->access has them. */
export const genericAccessPhysHandler: CFunction = {
  ...routine('mm/memory.c:generic_access_phys', ACCESS.WORDS, (k, f) => {
    const vma = k.vmas[handleIndex(k.w[f + 1 + ACCESS.VMA]!)]!;
    const addr = (k.w[f + 2 + ACCESS.ADDR]! >>> 0) * 2 ** 32 + (k.w[f + 1 + ACCESS.ADDR]! >>> 0);
    const word = handleIndex(k.w[f + 1 + ACCESS.BUF]!);
    k.retPoint(f, genericAccessByte(k, vma, addr, word, (k.w[f + 1 + ACCESS.WRITE]! & FOLL_WRITE) !== 0));
  }),
  params: [
    word(ACCESS.VMA),
    { slot: ACCESS.ADDR, words: 2 },
    word(ACCESS.BUF),
    word(ACCESS.LEN),
    word(ACCESS.WRITE),
  ],
};

/**
 * Where the world keeps the byte of a frame at an offset: four times the word's index, and the byte's place in the word. Undefined where
 * nobody looks: outside all regions, and where there is no cell.
 */
function byteAt(k: Kernel, frame: number, offset: number): number | undefined {
  if (frame === NO_PAGE) return undefined;
  for (const cell of k.program.cells) {
    const at = offset - cell.offset;
    if (at >= 0 && at < cell.bytes) return 4 * (cellsOf(k, frame) + cell.word) + at;
  }
  return undefined;
}

/** The byte of a frame at an offset; a frame outside all regions reads as all ones, an offset without a cell as 0. */
export function readByte(k: Kernel, frame: number, offset: number): number {
  const at = byteAt(k, frame, offset);
  if (at === undefined) return frame === NO_PAGE ? 0xff : 0;
  return (k.w[at >> 2]! >>> (8 * (at & 3))) & 0xff;
}

/** Writes the byte of a frame at an offset; where nobody looks it is not kept. */
function writeByte(k: Kernel, frame: number, offset: number, byte: number): void {
  const at = byteAt(k, frame, offset);
  if (at === undefined) return;
  const shift = 8 * (at & 3);
  k.w[at >> 2] = (k.w[at >> 2]! & ~(0xff << shift)) | ((byte & 0xff) << shift);
}
