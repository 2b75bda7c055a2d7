/** Registering memory with userfaultfd: `mm/userfaultfd.c`, before 7.2 `fs/userfaultfd.c` (D.8). Only who may be registered is modelled, no event. */
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { EINVAL, EPERM } from '../errno.js';
import { VM_MAYWRITE, VM_SPECIAL } from '../flags.js';
import type { Vma } from '../world.js';
import { arg64, beyondTaskSize } from './mmap.js';
import { PAGE_SIZE } from './page.js';
import { findVma, vmaIsAnonymous, vmaLookup, vmaMerge } from './vma.js';
import { callVmaIsolate } from './vma_modify.js';

/** Local words: two arguments of two words each, then the first page of the range that is not done yet, and the end. */
const L = { ADDR: 0, LEN: 2, AT: 4, END: 5, WORDS: 6 } as const;

const Pc = { Start: 0, Next: 1, Isolated: 2 } as const;

/**
 * `include/linux/userfaultfd_k.h:vma_can_userfault` for UFFDIO_REGISTER_MODE_MISSING: anonymous memory (the model has no shmem and no
 * hugetlb). A device's VMA without vm_ops is anonymous to the core (F-18).
 */
function vmaCanUserfault(k: Kernel, vma: Vma): boolean {
  return vmaIsAnonymous(vma) && ((vma.flags & VM_SPECIAL) === 0 || !k.facts.uffdRefusesSpecial);
}

/**
 * The test's uffd_register(p, length): `userfaultfd_register` in UFFDIO_REGISTER_MODE_MISSING, and if that succeeds `userfaultfd_unregister` of the
 * same range; nobody comes in between. Returns 0, -EINVAL (also where the range has no VMA at all) or -EPERM.
 *
 * Both cut VMAs at the ends of the range. Only anonymous VMAs get so far, so no driver is asked; the second call joins what may be merged,
 * which leaves special VMAs (6.1) in parts.
 */
export const sysUffdRegister: Routine = routine(
  'mm/userfaultfd.c:userfaultfd_register',
  L.WORDS,
  (k, f, pc) => {
    const l = f + 1;
    if (pc === Pc.Start) return start(k, f);
    if (pc === Pc.Isolated) {
      const vma = vmaLookup(k, k.currentProc, k.w[l + L.AT]!)!;
      k.w[l + L.AT] = vma.end;
      vmaMerge(k, vma);
    }
    const vma = findVma(k, k.currentProc, k.w[l + L.AT]!);
    const end = k.w[l + L.END]!;
    if (vma === undefined || vma.start >= end) return leave(k, f, 0);
    k.w[l + L.AT] = Math.max(vma.start, k.w[l + L.AT]!);
    callVmaIsolate(k, f, Pc.Isolated, vma.mm, k.w[l + L.AT]!, Math.min(vma.end, end));
  },
);

function leave(k: Kernel, f: number, err: number): void {
  k.upWrite(k.mmapLock(k.currentProc));
  k.ret(f, err);
}

function start(k: Kernel, f: number): void {
  const l = f + 1;
  const addr = arg64(k, l + L.ADDR);
  const length = arg64(k, l + L.LEN);
  if (addr % PAGE_SIZE !== 0 || length % PAGE_SIZE !== 0 || length === 0) return k.ret(f, -EINVAL);
  if (beyondTaskSize(k, addr + length)) return k.ret(f, -EINVAL);
  const lock = k.mmapLock(k.currentProc);
  if (!k.tryWrite(lock)) return k.wait(f, Pc.Start, lock, LockMode.Write);
  const first = (addr - k.arenaBase) / PAGE_SIZE;
  k.w[l + L.AT] = Math.max(0, first);
  k.w[l + L.END] = Math.min(k.layout.caps.arena, first + length / PAGE_SIZE);
  const err = check(k, k.w[l + L.AT]!, k.w[l + L.END]!);
  return err === 0 ? k.goto(f, Pc.Next) : leave(k, f, err);
}

/** Every VMA of the range is looked at before one is changed; the first that is unfit says why. */
function check(k: Kernel, from: number, end: number): number {
  let err = -EINVAL;
  for (let at = from; ;) {
    const vma = findVma(k, k.currentProc, at);
    if (vma === undefined || vma.start >= end) return err;
    if (!vmaCanUserfault(k, vma)) return -EINVAL;
    if ((vma.flags & VM_MAYWRITE) === 0) return -EPERM;
    err = 0;
    at = vma.end;
  }
}
