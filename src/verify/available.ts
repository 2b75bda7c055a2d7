/** Which operations are to be had in a state. It is asked for every operation in every state: it allocates nothing. */
import { VM_READ, VM_WRITE } from '../kernel/flags.js';
import { fget } from '../kernel/fs/file_table.js';
import type { Kernel } from '../kernel/kernel.js';
import { vmaLookup } from '../kernel/mm/vma.js';
import { ProcState } from '../kernel/routine.js';
import { PG_FREE } from '../kernel/world.js';
import { Kind, type Operation } from './operations.js';

/** Whether process `proc` may make an operation now. What could only fail or end it, as an access outside all mappings does, is left out. */
export function available(k: Kernel, proc: number, o: Operation): boolean {
  switch (o.kind) {
    case Kind.Open:
      return hasFreeDescriptor(k, proc) && hasFreeFile(k);
    case Kind.Close:
    case Kind.Ioctl:
      return fget(k, proc, o.a) !== undefined;
    case Kind.Mmap:
      return fget(k, proc, o.a) !== undefined && room(k, proc, o.b) >= 0 && offered(k, o.offset!.ram);
    case Kind.Munmap:
    case Kind.Mprotect:
    case Kind.Madvise:
      return mapped(k, proc, o.a) && mapped(k, proc, o.b - 1);
    case Kind.Move:
      return mapped(k, proc, o.a) && mapped(k, proc, o.a + o.c - 1);
    case Kind.Grow:
      return mapped(k, proc, o.a) && (o.b === 0 ? !mapped(k, proc, o.a + 1) : room(k, proc, 2) >= 0);
    case Kind.Load:
      return allows(k, proc, o.a, VM_READ | VM_WRITE);
    case Kind.Store:
      return allows(k, proc, o.a, VM_WRITE);
    case Kind.Gup:
    case Kind.GupFast:
      return mapped(k, proc, o.a) && !pinned(k, proc, -1);
    case Kind.ProcmemWrite:
      return mapped(k, proc, o.a);
    case Kind.Put:
      return pinned(k, proc, o.a);
    case Kind.Fork:
      return hasFreeProcess(k);
    default:
      return true;
  }
}

function mapped(k: Kernel, proc: number, pg: number): boolean {
  return vmaLookup(k, proc, pg) !== undefined;
}

function allows(k: Kernel, proc: number, pg: number, flags: number): boolean {
  const vma = vmaLookup(k, proc, pg);
  return vma !== undefined && (vma.flags & flags) !== 0;
}

/** Whether the process holds a reference that it took through a page, or with -1 any. */
function pinned(k: Kernel, proc: number, pg: number): boolean {
  const at = k.proc(proc) + k.layout.pinsAt;
  for (let i = at; i < at + k.layout.caps.pins; i++)
    if (k.w[i] !== 0 && (pg < 0 || k.w[i]! >>> 16 === pg)) return true;
  return false;
}

function hasFreeDescriptor(k: Kernel, proc: number): boolean {
  const at = k.proc(proc) + k.layout.fdsAt;
  for (let i = at; i < at + k.layout.caps.fds; i++) if (k.w[i] === 0) return true;
  return false;
}

function hasFreeFile(k: Kernel): boolean {
  for (let i = 0; i < k.files.length; i++) if (k.files[i]!.refs === 0 && k.files[i]!.mode === 0) return true;
  return false;
}

function hasFreeProcess(k: Kernel): boolean {
  for (let i = 0; i < k.procs.length; i++) if (k.procs[i]!.state === ProcState.Absent) return true;
  return false;
}

/** The lowest place for so many pages, aligned as a leaf where they hold one; -1 where there is none. */
export function room(k: Kernel, proc: number, pages: number): number {
  const align = pages >= k.layout.ptrs ? k.layout.ptrs : 1;
  const end = k.layout.caps.arena - pages;
  for (let at = 0; at <= end; at += align) if (isFree(k, proc, at, at + pages)) return at;
  return -1;
}

function isFree(k: Kernel, proc: number, from: number, to: number): boolean {
  for (let i = 0; i < k.vmas.length; i++) {
    const v = k.vmas[i]!;
    if (v.mm === proc && v.start < to && v.end > from) return false;
  }
  return true;
}

/** Numbers of allocated frames, and of the first that is free: the others that are free differ from it in nothing yet. */
function offered(k: Kernel, ram: number): boolean {
  if (ram < 0 || (k.pages[ram]!.flags & PG_FREE) === 0) return true;
  for (let i = 0; i < ram; i++) if (k.mem.isRam[i] === 1 && (k.pages[i]!.flags & PG_FREE) !== 0) return false;
  return true;
}
