/**
 * Kernel pointers in the world: one 32-bit word, a kind and an index, the same on every architecture. NULL is 0, ERR_PTR(-e)
 * is the negative number -e.
 */

export const enum HandleKind {
  /** A driver object or a local: the index is a word index of the world. */
  Data = 1,
  /** struct page: frame index. */
  Page = 2,
  /** struct vm_area_struct: VMA slot. */
  Vma = 3,
  /** struct file: file slot. */
  File = 4,
  /** struct mm_struct: process slot. */
  Mm = 5,
  /** struct vm_fault: word index of the frame that holds it. */
  Vmf = 6,
  /** A vm_operations_struct or file_operations table of the test. */
  Ops = 7,
  /** struct address_space: driver number. */
  Mapping = 8,
  /** struct vm_area_desc of mmap_prepare: word index of the frame that holds it. */
  Desc = 9,
  /** Kernel address of page contents: frame index (12 bits), byte offset (12 bits). */
  Kaddr = 10,
  /** struct inode: driver number. */
  Inode = 11,
  /** A vmalloc'ed area: word index of its list of frames. */
  Vmalloc = 12,
}

/** Makes a handle. */
export function handle(kind: HandleKind, index: number): number {
  return (kind << 24) | index;
}

/** Kind of a handle that is neither NULL nor an error pointer. */
export function handleKind(h: number): HandleKind {
  return h >> 24;
}

/** Index of a handle. */
export function handleIndex(h: number): number {
  return h & 0xffffff;
}
