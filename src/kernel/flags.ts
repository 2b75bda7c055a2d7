/**
 * Flag words of the kernel interface, by the kernel's names. Bit numbers are those of 6.1, 6.12 and 7.2 where programs or
 * entries can show them (VM_*, PROT_*, MAP_*, ...); FOLL_* and FAULT_FLAG_* were renumbered between releases and no one
 * outside can see them, so one numbering serves all.
 *
 * Flag words are 32 bits wide. They are tested with `&`, which works on signed and unsigned words alike; compare whole words
 * with {@link sameFlags}, because bit 31 makes `a === b` depend on how each was made.
 */

/* vm_area_struct.vm_flags (`include/linux/mm.h`) */
export const VM_READ = 0x1;
export const VM_WRITE = 0x2;
export const VM_EXEC = 0x4;
export const VM_SHARED = 0x8;
export const VM_MAYREAD = 0x10;
export const VM_MAYWRITE = 0x20;
export const VM_MAYEXEC = 0x40;
export const VM_MAYSHARE = 0x80;
export const VM_GROWSDOWN = 0x100;
export const VM_UFFD_MISSING = 0x200;
export const VM_PFNMAP = 0x400;
/** 7.2 only; the releases before leave the bit unused. */
export const VM_MAYBE_GUARD = 0x800;
export const VM_UFFD_WP = 0x1000;
export const VM_LOCKED = 0x2000;
export const VM_IO = 0x4000;
export const VM_SEQ_READ = 0x8000;
export const VM_RAND_READ = 0x10000;
export const VM_DONTCOPY = 0x20000;
export const VM_DONTEXPAND = 0x40000;
export const VM_LOCKONFAULT = 0x80000;
export const VM_ACCOUNT = 0x100000;
export const VM_SYNC = 0x800000;
/** VM_ARCH_1 on x86 up to 6.12: the memory type of the range is tracked. */
export const VM_PAT = 0x1000000;
export const VM_WIPEONFORK = 0x2000000;
export const VM_DONTDUMP = 0x4000000;
export const VM_SOFTDIRTY = 0x8000000;
export const VM_MIXEDMAP = 0x10000000;
export const VM_HUGEPAGE = 0x20000000;
export const VM_NOHUGEPAGE = 0x40000000;
export const VM_MERGEABLE = 0x80000000;

export const VM_ACCESS_FLAGS = VM_READ | VM_WRITE | VM_EXEC;
export const VM_LOCKED_MASK = VM_LOCKED | VM_LOCKONFAULT;
/** Never merged, locked, scanned by KSM (`include/linux/mm.h:VM_SPECIAL`; 7.2: `VMA_SPECIAL_FLAGS`). */
export const VM_SPECIAL = VM_IO | VM_DONTEXPAND | VM_PFNMAP | VM_MIXEDMAP;
/** What remap_pfn_range() sets (7.2: `VMA_REMAP_FLAGS`). */
export const VM_REMAP_FLAGS = VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTDUMP;

const VM_NAMES = {
  VM_READ,
  VM_WRITE,
  VM_EXEC,
  VM_SHARED,
  VM_MAYREAD,
  VM_MAYWRITE,
  VM_MAYEXEC,
  VM_MAYSHARE,
  VM_GROWSDOWN,
  VM_UFFD_MISSING,
  VM_PFNMAP,
  VM_MAYBE_GUARD,
  VM_UFFD_WP,
  VM_LOCKED,
  VM_IO,
  VM_SEQ_READ,
  VM_RAND_READ,
  VM_DONTCOPY,
  VM_DONTEXPAND,
  VM_LOCKONFAULT,
  VM_ACCOUNT,
  VM_SYNC,
  VM_PAT,
  VM_WIPEONFORK,
  VM_DONTDUMP,
  VM_SOFTDIRTY,
  VM_MIXEDMAP,
  VM_HUGEPAGE,
  VM_NOHUGEPAGE,
  VM_MERGEABLE,
} as const;

/* vm_fault_t (`include/linux/mm_types.h`) */
export const VM_FAULT_OOM = 0x1;
export const VM_FAULT_SIGBUS = 0x2;
export const VM_FAULT_MAJOR = 0x4;
/** 6.1 only (`do_wp_page` reports that it wrote). */
export const VM_FAULT_WRITE = 0x8;
export const VM_FAULT_HWPOISON = 0x10;
export const VM_FAULT_HWPOISON_LARGE = 0x20;
export const VM_FAULT_SIGSEGV = 0x40;
export const VM_FAULT_NOPAGE = 0x100;
export const VM_FAULT_LOCKED = 0x200;
export const VM_FAULT_RETRY = 0x400;
export const VM_FAULT_FALLBACK = 0x800;
export const VM_FAULT_DONE_COW = 0x1000;
export const VM_FAULT_NEEDDSYNC = 0x2000;
export const VM_FAULT_COMPLETED = 0x4000;
export const VM_FAULT_ERROR =
  VM_FAULT_OOM |
  VM_FAULT_SIGBUS |
  VM_FAULT_SIGSEGV |
  VM_FAULT_HWPOISON |
  VM_FAULT_HWPOISON_LARGE |
  VM_FAULT_FALLBACK;

const VM_FAULT_NAMES = {
  VM_FAULT_OOM,
  VM_FAULT_SIGBUS,
  VM_FAULT_MAJOR,
  VM_FAULT_WRITE,
  VM_FAULT_HWPOISON,
  VM_FAULT_HWPOISON_LARGE,
  VM_FAULT_SIGSEGV,
  VM_FAULT_NOPAGE,
  VM_FAULT_LOCKED,
  VM_FAULT_RETRY,
  VM_FAULT_FALLBACK,
  VM_FAULT_DONE_COW,
  VM_FAULT_NEEDDSYNC,
  VM_FAULT_COMPLETED,
} as const;

/* vm_fault.flags (`include/linux/mm_types.h:enum fault_flag`) */
export const FAULT_FLAG_WRITE = 0x1;
export const FAULT_FLAG_MKWRITE = 0x2;
export const FAULT_FLAG_ALLOW_RETRY = 0x4;
export const FAULT_FLAG_RETRY_NOWAIT = 0x8;
export const FAULT_FLAG_KILLABLE = 0x10;
export const FAULT_FLAG_TRIED = 0x20;
export const FAULT_FLAG_USER = 0x40;
export const FAULT_FLAG_REMOTE = 0x80;
export const FAULT_FLAG_INSTRUCTION = 0x100;
export const FAULT_FLAG_INTERRUPTIBLE = 0x200;
export const FAULT_FLAG_UNSHARE = 0x400;
export const FAULT_FLAG_VMA_LOCK = 0x1000;
/** Flags of a page fault: its handlers may let go of mmap_lock and ask to be called again. */
export const FAULT_FLAG_DEFAULT = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_INTERRUPTIBLE;

const FAULT_FLAG_NAMES = {
  FAULT_FLAG_WRITE,
  FAULT_FLAG_MKWRITE,
  FAULT_FLAG_ALLOW_RETRY,
  FAULT_FLAG_RETRY_NOWAIT,
  FAULT_FLAG_KILLABLE,
  FAULT_FLAG_TRIED,
  FAULT_FLAG_USER,
  FAULT_FLAG_REMOTE,
  FAULT_FLAG_INSTRUCTION,
  FAULT_FLAG_INTERRUPTIBLE,
  FAULT_FLAG_UNSHARE,
  FAULT_FLAG_VMA_LOCK,
} as const;

/* get_user_pages() and relatives (`include/linux/mm_types.h`, `mm/internal.h`) */
export const FOLL_WRITE = 0x1;
export const FOLL_GET = 0x2;
export const FOLL_DUMP = 0x4;
export const FOLL_FORCE = 0x8;
export const FOLL_NOWAIT = 0x10;
export const FOLL_NOFAULT = 0x20;
export const FOLL_HWPOISON = 0x40;
export const FOLL_ANON = 0x80;
export const FOLL_LONGTERM = 0x100;
export const FOLL_SPLIT_PMD = 0x200;
export const FOLL_HONOR_NUMA_FAULT = 0x1000;
export const FOLL_TOUCH = 0x10000;
export const FOLL_TRIED = 0x20000;
export const FOLL_REMOTE = 0x40000;
export const FOLL_PIN = 0x80000;
export const FOLL_FAST_ONLY = 0x100000;
export const FOLL_UNLOCKABLE = 0x200000;
export const FOLL_MADV_POPULATE = 0x400000;

const FOLL_NAMES = {
  FOLL_WRITE,
  FOLL_GET,
  FOLL_DUMP,
  FOLL_FORCE,
  FOLL_NOWAIT,
  FOLL_NOFAULT,
  FOLL_HWPOISON,
  FOLL_ANON,
  FOLL_LONGTERM,
  FOLL_SPLIT_PMD,
  FOLL_HONOR_NUMA_FAULT,
  FOLL_TOUCH,
  FOLL_TRIED,
  FOLL_REMOTE,
  FOLL_PIN,
  FOLL_FAST_ONLY,
  FOLL_UNLOCKABLE,
  FOLL_MADV_POPULATE,
} as const;

/* hmm_range_fault() (`include/linux/hmm.h`), numbered anew: there they are the highest bits of an unsigned long, above the frame number */
export const HMM_PFN_VALID = 0x1;
export const HMM_PFN_WRITE = 0x2;
export const HMM_PFN_ERROR = 0x4;
export const HMM_PFN_REQ_FAULT = HMM_PFN_VALID;
export const HMM_PFN_REQ_WRITE = HMM_PFN_WRITE;

const HMM_PFN_NAMES = {
  HMM_PFN_VALID,
  HMM_PFN_WRITE,
  HMM_PFN_ERROR,
  HMM_PFN_REQ_FAULT,
  HMM_PFN_REQ_WRITE,
} as const;

/** A pin of a small folio adds this to its reference count (`include/linux/mm.h`). */
export const GUP_PIN_COUNTING_BIAS = 1024;

/** True if two flag words have the same bits, whether they are held signed or unsigned. */
export function sameFlags(a: number, b: number): boolean {
  return ((a ^ b) | 0) === 0;
}

function namesOf(table: Readonly<Record<string, number>>, word: number): string[] {
  const found: string[] = [];
  let rest = word;
  for (const [name, bit] of Object.entries(table)) {
    if ((word & bit) !== 0) found.push(name);
    rest &= ~bit;
  }
  if (rest !== 0) found.push(`0x${(rest >>> 0).toString(16)}`);
  return found;
}

/** Names of the VM_* flags in a word, lowest bit first; bits without a name come last, as one hexadecimal number. */
export function vmFlagNames(flags: number): string[] {
  return namesOf(VM_NAMES, flags);
}

/** Flag words that driver code and programs may name, apart from those in `uapi.ts`. */
export const KERNEL_FLAGS: Readonly<Record<string, number>> = {
  ...VM_NAMES,
  VM_SPECIAL,
  ...VM_FAULT_NAMES,
  VM_FAULT_ERROR,
  ...FAULT_FLAG_NAMES,
  ...FOLL_NAMES,
  ...HMM_PFN_NAMES,
};
