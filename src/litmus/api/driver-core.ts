/** What drivers use beside the mm: pages, memory, locks, counters, user copies. */
import { ENXIO } from '../../kernel/errno.js';
import { handle, HandleKind, handleIndex } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { Undefined } from '../../kernel/routine.js';
import { opaqueWord } from '../../kernel/objects.js';
import { isLocked, lockRead, lockWrite, tryLock, unlockRead, unlockWrite } from '../../kernel/locks.js';
import { remapPfnRange, vmStart } from '../../kernel/mm/memory/remap.js';
import {
  allocPages,
  clearPage,
  compoundHead,
  copyPage,
  freePages,
  getPage,
  putPage,
  splitPage,
} from '../../kernel/mm/page_alloc.js';
import { vfree, vmalloc, vmallocFrame, vmallocUser } from '../../kernel/mm/vmalloc.js';
import { kfree, kzalloc } from '../../kernel/slab.js';
import { copyFromUser, copyToUser } from '../../kernel/uaccess.js';
import { CHOOSE, num, pfnArg, ret64, type ApiFunction } from './define.js';
import { indexOf } from './structs.js';

/** __GFP_* bits that matter to the model. */
export const GFP = { KERNEL: 0xcc0, ZERO: 0x100, COMP: 0x40000, HIGHUSER: 0x100cca } as const;

/** Where the kernel's linear map starts: only so that addresses of pages are numbers that look like some. */
const PAGE_OFFSET_64 = 0xffff_8880_0000_0000n;
const PAGE_OFFSET_32 = 0xc000_0000n;

function linearBase(k: Kernel): bigint {
  return k.facts.bitsPerLong === 64 ? PAGE_OFFSET_64 : PAGE_OFFSET_32;
}

/** Number of a frame, for code that may do anything with it. */
function pfnOf(k: Kernel, frame: number): number {
  k.exchange?.number(frame);
  return k.mem.pfnOf[frame]!;
}

/** Frame of a number that code has made, or -1. */
function frameOf(k: Kernel, pfn: number): number {
  k.exchange?.meets(pfn, 1);
  return k.mem.frame(pfn);
}

/** Kernel address of a frame as an unsigned long: low word, high word in k.hi. */
function kernelAddress(k: Kernel, frame: number): number {
  const at = linearBase(k) + BigInt(pfnOf(k, frame)) * 4096n;
  k.hi = Number(BigInt.asIntN(32, at >> 32n));
  return Number(BigInt.asIntN(32, at));
}

/** Frame behind a kernel address (two words), or -1. */
function frameOfAddress(k: Kernel, lo: number, hi: number): number {
  const at =
    (k.facts.bitsPerLong === 64 ? BigInt.asUintN(32, BigInt(hi)) << 32n : 0n) +
    BigInt.asUintN(32, BigInt(lo));
  return frameOf(k, Number((at - linearBase(k)) / 4096n));
}

const page = (frame: number): number => (frame < 0 ? 0 : handle(HandleKind.Page, frame));

function alloc(k: Kernel, gfp: number, order: number): number {
  return allocPages(k, order, (gfp & GFP.ZERO) !== 0, (gfp & GFP.COMP) !== 0);
}

function onPage(prototype: string, call: (k: Kernel, frame: number) => number, point = false): ApiFunction {
  return {
    prototype,
    point,
    call: (k) => {
      const frame = indexOf(k, k.argLo[0]!, HandleKind.Page);
      return frame < 0 ? 0 : call(k, frame);
    },
  };
}

const done =
  (f: (k: Kernel) => void) =>
  (k: Kernel): number => {
    f(k);
    return 0;
  };

/** Frame of a Kaddr handle (page contents), or -1 after the run was frozen. */
function kaddr(k: Kernel, i: number): number {
  const at = indexOf(k, k.argLo[i]!, HandleKind.Kaddr);
  return at < 0 ? -1 : at >> 12;
}

/**
 * `kernel/dma/direct.c:dma_direct_mmap`, `kernel/dma/mapping.c:dma_mmap_pages`: the buffer's frames from vm_pgoff on, raw.
 * @returns 0, -ENXIO when VMA and offset leave the buffer, or what remap_pfn_range() says
 */
function dmaMmap(k: Kernel, h: number, frame: number, size: number): number {
  const slot = indexOf(k, h, HandleKind.Vma);
  if (slot < 0 || frame < 0) return 0;
  const vma = k.vmas[slot]!;
  const pages = Math.ceil(size / 4096);
  const pgoff = vma.pgoff;
  if (pgoff >= pages || vma.pages > pages - pgoff) return -ENXIO;
  return remapPfnRange(k, vma, vmStart(k, vma), pfnOf(k, frame) + pgoff, vma.pages * 4096, vma.prot);
}

const contents = (frame: number): number => handle(HandleKind.Kaddr, frame << 12);

/** Pages and memory. */
const MEMORY: Readonly<Record<string, ApiFunction>> = {
  alloc_page: {
    prototype: 'struct page *alloc_page(gfp_t gfp)',
    point: true,
    call: (k) => page(alloc(k, k.argLo[0]!, 0)),
  },
  alloc_pages: {
    prototype: 'struct page *alloc_pages(gfp_t gfp, unsigned int order)',
    point: true,
    call: (k) => page(alloc(k, k.argLo[0]!, k.argLo[1]!)),
  },
  __free_page: onPage('void __free_page(struct page *page)', (k, f) => (freePages(k, f, 0), 0), true),
  __free_pages: onPage(
    'void __free_pages(struct page *page, unsigned int order)',
    (k, f) => (freePages(k, f, k.argLo[1]!), 0),
    true,
  ),
  get_zeroed_page: {
    prototype: 'unsigned long get_zeroed_page(gfp_t gfp)',
    point: true,
    call: (k) => {
      const frame = alloc(k, k.argLo[0]! | GFP.ZERO, 0);
      return frame < 0 ? (k.hi = 0) : kernelAddress(k, frame);
    },
  },
  __get_free_page: {
    prototype: 'unsigned long __get_free_page(gfp_t gfp)',
    point: true,
    call: (k) => {
      const frame = alloc(k, k.argLo[0]!, 0);
      return frame < 0 ? (k.hi = 0) : kernelAddress(k, frame);
    },
  },
  free_page: {
    prototype: 'void free_page(unsigned long addr)',
    point: true,
    call: done((k) => {
      if (k.argLo[0] === 0 && k.argHi[0] === 0) return;
      const frame = frameOfAddress(k, k.argLo[0]!, k.argHi[0]!);
      if (frame < 0) k.undefinedBehaviour(Undefined.BadPointer);
      else freePages(k, frame, 0);
    }),
  },
  split_page: onPage(
    'void split_page(struct page *page, unsigned int order)',
    (k, f) => (splitPage(k, f, k.argLo[1]!), 0),
  ),
  get_page: onPage('void get_page(struct page *page)', (k, f) => (getPage(k, f), 0)),
  put_page: onPage('void put_page(struct page *page)', (k, f) => (putPage(k, f), 0), true),
  page_count: onPage('int page_count(struct page *page)', (k, f) => k.pages[compoundHead(k, f)]!.refcount),
  page_to_pfn: onPage('unsigned long page_to_pfn(struct page *page)', (k, f) => ret64(k, pfnOf(k, f))),
  page_to_phys: onPage('phys_addr_t page_to_phys(struct page *page)', (k, f) => ret64(k, pfnOf(k, f) * 4096)),
  pfn_to_page: {
    prototype: 'struct page *pfn_to_page(unsigned long pfn)',
    call: (k) => {
      const frame = frameOf(k, pfnArg(k, 0));
      if (frame >= 0 && k.mem.hasPage[frame] === 1) return page(frame);
      k.undefinedBehaviour(Undefined.PfnToPage);
      return 0;
    },
  },
  pfn_valid: {
    prototype: 'int pfn_valid(unsigned long pfn)',
    call: (k) => (k.mem.pfnValid(pfnArg(k, 0)) ? 1 : 0),
  },
  page_address: onPage('void *page_address(struct page *page)', (_k, f) => contents(f)),
  kmap_local_page: onPage('void *kmap_local_page(struct page *page)', (_k, f) => contents(f)),
  kunmap_local: { prototype: 'void kunmap_local(const void *addr)', call: () => 0 },
  virt_to_page: { prototype: 'struct page *virt_to_page(const void *addr)', call: (k) => page(kaddr(k, 0)) },
  virt_to_phys: {
    prototype: 'phys_addr_t virt_to_phys(const void *addr)',
    call: (k) => {
      const frame = kaddr(k, 0);
      return frame < 0 ? 0 : ret64(k, pfnOf(k, frame) * 4096);
    },
  },
  clear_page: {
    prototype: 'void clear_page(void *page)',
    point: true,
    call: done((k) => {
      const frame = kaddr(k, 0);
      if (frame >= 0) clearPage(k, frame);
    }),
  },
  copy_page: {
    prototype: 'void copy_page(void *to, const void *from)',
    point: true,
    call: done((k) => {
      const to = kaddr(k, 0);
      const from = kaddr(k, 1);
      if (to >= 0 && from >= 0) copyPage(k, to, from);
    }),
  },
  vmalloc_user: {
    prototype: 'void *vmalloc_user(unsigned long size)',
    point: true,
    call: (k) => vmallocUser(k, num(k, 0)),
  },
  vmalloc_32_user: {
    prototype: 'void *vmalloc_32_user(unsigned long size)',
    point: true,
    call: (k) => vmallocUser(k, num(k, 0)),
  },
  vmalloc: {
    prototype: 'void *vmalloc(unsigned long size)',
    point: true,
    call: (k) => vmalloc(k, num(k, 0), false),
  },
  vzalloc: {
    prototype: 'void *vzalloc(unsigned long size)',
    point: true,
    call: (k) => vmalloc(k, num(k, 0), true),
  },
  vfree: { prototype: 'void vfree(const void *addr)', point: true, call: done((k) => vfree(k, k.argLo[0]!)) },
  vmalloc_to_page: {
    prototype: 'struct page *vmalloc_to_page(const void *addr)',
    call: (k) => page(vmallocFrame(k, k.argLo[0]!, 0)),
  },
  vmalloc_to_pfn: {
    prototype: 'unsigned long vmalloc_to_pfn(const void *addr)',
    call: (k) => {
      const frame = vmallocFrame(k, k.argLo[0]!, 0);
      return frame < 0 ? (k.hi = 0) : ret64(k, pfnOf(k, frame));
    },
  },
  kzalloc: {
    prototype: 'void *kzalloc(unsigned long size, gfp_t gfp)',
    point: true,
    // the lowering makes words and a type of the size
    call: (k) => kzalloc(k, k.argLo[0]!, k.argHi[0]!),
  },
  kmalloc: {
    prototype: 'void *kmalloc(unsigned long size, gfp_t gfp)',
    point: true,
    call: (k) => kzalloc(k, k.argLo[0]!, k.argHi[0]!),
  },
  kfree: { prototype: 'void kfree(const void *p)', point: true, call: done((k) => kfree(k, k.argLo[0]!)) },
  dma_alloc_coherent: {
    prototype:
      'void *dma_alloc_coherent(struct device *dev, unsigned long size, dma_addr_t *handle, gfp_t gfp)',
    point: true,
    call: (k) => {
      const order = Math.ceil(Math.log2(Math.max(1, Math.ceil(num(k, 1) / 4096))));
      const frame = alloc(k, k.argLo[3]! | GFP.ZERO, order);
      if (frame < 0) return 0;
      const at = handleIndex(k.argLo[2]!);
      const addr = pfnOf(k, frame) * 4096;
      k.w[at] = addr | 0;
      if (k.facts.physAddrTBits === 64) k.w[at + 1] = Math.floor(addr / 2 ** 32);
      return contents(frame);
    },
  },
  dma_free_coherent: {
    prototype:
      'void dma_free_coherent(struct device *dev, unsigned long size, void *cpu_addr, dma_addr_t handle)',
    point: true,
    call: done((k) => {
      const frame = kaddr(k, 2);
      if (frame >= 0) freePages(k, frame, Math.ceil(Math.log2(Math.max(1, Math.ceil(num(k, 1) / 4096)))));
    }),
  },
  dma_mmap_coherent: {
    prototype:
      'int dma_mmap_coherent(struct device *dev, struct vm_area_struct *vma, void *cpu_addr, dma_addr_t handle, unsigned long size)',
    call: (k) => dmaMmap(k, k.argLo[1]!, kaddr(k, 2), num(k, 4)),
  },
  dma_mmap_pages: {
    prototype:
      'int dma_mmap_pages(struct device *dev, struct vm_area_struct *vma, unsigned long size, struct page *page)',
    call: (k) => dmaMmap(k, k.argLo[1]!, indexOf(k, k.argLo[3]!, HandleKind.Page), num(k, 2)),
  },
};

const locking = (name: string, type: string, routine: typeof lockWrite): ApiFunction => ({
  prototype: `void ${name}(struct ${type} *lock)`,
  routine,
  point: true,
});

const unlocking = (name: string, type: string, unlock: (k: Kernel, h: number) => void): ApiFunction => ({
  prototype: `void ${name}(struct ${type} *lock)`,
  point: true,
  call: done((k) => unlock(k, k.argLo[0]!)),
});

const init = (name: string, type: string): ApiFunction => ({
  prototype: `void ${name}(struct ${type} *lock)`,
  call: done((k) => {
    const at = opaqueWord(k, k.argLo[0]!);
    if (at >= 0) k.w[at] = 0;
  }),
});

/** Locks. Spinlocks block like mutexes: who would spin cannot move. */
const LOCKS: Readonly<Record<string, ApiFunction>> = {
  mutex_init: init('mutex_init', 'mutex'),
  mutex_lock: locking('mutex_lock', 'mutex', lockWrite),
  mutex_unlock: unlocking('mutex_unlock', 'mutex', unlockWrite),
  mutex_trylock: {
    prototype: 'int mutex_trylock(struct mutex *lock)',
    point: true,
    call: (k) => tryLock(k, k.argLo[0]!),
  },
  mutex_is_locked: {
    prototype: 'int mutex_is_locked(struct mutex *lock)',
    point: true,
    call: (k) => isLocked(k, k.argLo[0]!),
  },
  spin_lock_init: init('spin_lock_init', 'spinlock'),
  spin_lock: locking('spin_lock', 'spinlock', lockWrite),
  spin_unlock: unlocking('spin_unlock', 'spinlock', unlockWrite),
  init_rwsem: init('init_rwsem', 'rw_semaphore'),
  down_read: locking('down_read', 'rw_semaphore', lockRead),
  up_read: unlocking('up_read', 'rw_semaphore', unlockRead),
  down_write: locking('down_write', 'rw_semaphore', lockWrite),
  up_write: unlocking('up_write', 'rw_semaphore', unlockWrite),
};

/** Reads, changes and writes one word of the driver. */
function counter(
  prototype: string,
  change: (n: number, arg: number) => number,
  result: (now: number, arg: number) => number,
): ApiFunction {
  const valueFirst = /\(int i,/.test(prototype);
  return {
    prototype,
    point: true,
    call: (k) => {
      const h = k.argLo[valueFirst ? 1 : 0]!;
      const arg = k.argLo[valueFirst ? 0 : 1]!;
      const at = opaqueWord(k, h);
      if (at < 0) return 0;
      k.w[at] = change(k.w[at]!, arg);
      return result(k.w[at]!, arg);
    },
  };
}

const keep = (n: number): number => n;
const none = (): number => 0;

/** atomic_t and refcount_t (without saturation: an underflow stays one). */
const COUNTERS: Readonly<Record<string, ApiFunction>> = {
  atomic_read: counter('int atomic_read(const atomic_t *v)', keep, keep),
  atomic_set: counter('void atomic_set(atomic_t *v, int i)', (_n, i) => i, none),
  atomic_inc: counter('void atomic_inc(atomic_t *v)', (n) => n + 1, none),
  atomic_dec: counter('void atomic_dec(atomic_t *v)', (n) => n - 1, none),
  atomic_add: counter('void atomic_add(int i, atomic_t *v)', (n, i) => n + i, none),
  atomic_sub: counter('void atomic_sub(int i, atomic_t *v)', (n, i) => n - i, none),
  atomic_inc_return: counter('int atomic_inc_return(atomic_t *v)', (n) => n + 1, keep),
  atomic_dec_return: counter('int atomic_dec_return(atomic_t *v)', (n) => n - 1, keep),
  atomic_dec_and_test: counter(
    'int atomic_dec_and_test(atomic_t *v)',
    (n) => n - 1,
    (n) => (n === 0 ? 1 : 0),
  ),
  refcount_read: counter('unsigned int refcount_read(const refcount_t *r)', keep, keep),
  refcount_set: counter('void refcount_set(refcount_t *r, int n)', (_n, i) => i, none),
  refcount_inc: counter('void refcount_inc(refcount_t *r)', (n) => n + 1, none),
  refcount_dec: counter('void refcount_dec(refcount_t *r)', (n) => n - 1, none),
  refcount_dec_and_test: counter(
    'int refcount_dec_and_test(refcount_t *r)',
    (n) => n - 1,
    (n) => (n === 0 ? 1 : 0),
  ),
};

/** The rest. */
const MISC: Readonly<Record<string, ApiFunction>> = {
  choose: CHOOSE,
  copy_to_user: {
    prototype: 'unsigned long copy_to_user(void __user *to, const void *from, unsigned long n)',
    routine: copyToUser,
    point: true,
  },
  copy_from_user: {
    prototype: 'unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)',
    routine: copyFromUser,
    point: true,
  },
  capable: { prototype: 'int capable(int cap)', call: () => 1 },
  IS_ERR: { prototype: 'int IS_ERR(const void *p)', call: (k) => (k.argLo[0]! < 0 ? 1 : 0) },
  IS_ERR_OR_NULL: { prototype: 'int IS_ERR_OR_NULL(const void *p)', call: (k) => (k.argLo[0]! <= 0 ? 1 : 0) },
  PTR_ERR: {
    prototype: 'long PTR_ERR(const void *p)',
    call: (k) => {
      k.hi = k.argLo[0]! >> 31;
      return k.argLo[0]!;
    },
  },
  ERR_PTR: { prototype: 'void *ERR_PTR(long error)', call: (k) => k.argLo[0]! },
};

/** By name. */
export const DRIVER_CORE: Readonly<Record<string, ApiFunction>> = {
  ...MEMORY,
  ...LOCKS,
  ...COUNTERS,
  ...MISC,
};
