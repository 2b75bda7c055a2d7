/** vmalloc'ed buffers that user space may map: `mm/vmalloc.c:vmalloc_user`, `remap_vmalloc_range` (B.1). */
import { EINVAL } from '../errno.js';
import { VM_DONTDUMP, VM_DONTEXPAND } from '../flags.js';
import { handle, HandleKind, handleIndex, handleKind } from '../handle.js';
import type { Kernel } from '../kernel.js';
import { Undefined } from '../routine.js';
import { kfree, kzalloc } from '../slab.js';
import type { Vma } from '../world.js';
import { vmInsertPage } from './memory/insert.js';
import { vmFlagsSet, vmStart } from './memory/remap.js';
import { allocPages, NO_MEMORY, NO_PAGE, putPage } from './page_alloc.js';

/** An area's first word: its pages, and VM_USERMAP, which says that it may be mapped to user space. */
const AREA = { PAGES: 0xffff, USERMAP: 0x10000 } as const;

/** `mm/vmalloc.c:vmalloc_user`: {@link vmalloc}, zeroed, that user space may map. */
export function vmallocUser(k: Kernel, size: number): number {
  return vmallocArea(k, size, true, AREA.USERMAP);
}

/**
 * `mm/vmalloc.c:vmalloc` and `vzalloc`: single pages, of which the area keeps a list.
 * @param size bytes, rounded up to pages
 * @returns a Vmalloc handle (word index of the list: its length, then frames), or 0
 */
export function vmalloc(k: Kernel, size: number, zeroed: boolean): number {
  return vmallocArea(k, size, zeroed, 0);
}

function vmallocArea(k: Kernel, size: number, zeroed: boolean, flags: number): number {
  const pages = Math.ceil(size / 4096);
  const area = pages === 0 ? 0 : kzalloc(k, pages + 1);
  if (area === 0) return 0;
  const at = handleIndex(area);
  for (let i = 0; i < pages; i++) {
    const frame = allocPages(k, undefined, zeroed);
    if (frame === NO_MEMORY) {
      vfree(k, handle(HandleKind.Vmalloc, at));
      return 0;
    }
    // the list holds bare numbers of frames, which nobody could tell from others
    k.exchange?.number(frame);
    k.w[at] = (i + 1) | flags;
    k.w[at + 1 + i] = frame;
  }
  return handle(HandleKind.Vmalloc, at);
}

/** `mm/vmalloc.c:vfree`: drops the area's reference on each page; NULL is fine. */
export function vfree(k: Kernel, h: number): void {
  if (h === 0) return;
  if (handleKind(h) !== HandleKind.Vmalloc) return k.undefinedBehaviour(Undefined.BadPointer);
  const at = handleIndex(h);
  for (let i = 0; i < vmallocPages(k, at); i++) putPage(k, k.w[at + 1 + i]!);
  kfree(k, handle(HandleKind.Data, at));
}

/** Pages of an area, by the index of its handle. */
export function vmallocPages(k: Kernel, at: number): number {
  return k.w[at]! & AREA.PAGES;
}

/** Frame of page `i` of an area, or {@link NO_PAGE} when it has no such page. What is no area freezes the run. */
export function vmallocFrame(k: Kernel, h: number, i: number): number {
  if (handleKind(h) !== HandleKind.Vmalloc) k.undefinedBehaviour(Undefined.BadPointer);
  const at = handleIndex(h);
  return i >= 0 && i < vmallocPages(k, at) ? k.w[at + 1 + i]! : NO_PAGE;
}

/** `mm/vmalloc.c:remap_vmalloc_range`: the whole VMA. */
export function remapVmallocRange(k: Kernel, vma: Vma, h: number, pgoff: number): number {
  return remapPages(k, vma, vmStart(k, vma), h, pgoff, vma.pages);
}

/**
 * `mm/vmalloc.c:remap_vmalloc_range_partial`: inserts the area's pages, counted, from `pgoff` on, then VM_DONTEXPAND and VM_DONTDUMP.
 * @param addr user address
 * @param size bytes, rounded up to pages
 * @returns 0, -EINVAL when an address is inside a page, the area is not for users or the range leaves it, or what vm_insert_page() says: the
 * pages inserted before that stay
 */
export function remapVmallocRangePartial(
  k: Kernel,
  vma: Vma,
  addr: number,
  h: number,
  pgoff: number,
  size: number,
): number {
  return addr % 4096 !== 0 ? -EINVAL : remapPages(k, vma, addr, h, pgoff, Math.ceil(size / 4096));
}

function remapPages(k: Kernel, vma: Vma, addr: number, h: number, pgoff: number, pages: number): number {
  if (handleKind(h) !== HandleKind.Vmalloc) return -EINVAL;
  const at = handleIndex(h);
  if ((k.w[at]! & AREA.USERMAP) === 0 || pgoff + pages > vmallocPages(k, at)) return -EINVAL;
  // asked for nothing, the loop counts down from 0 and goes on to the end of the VMA
  for (let i = 0; i < pages || pages === 0; i++) {
    const err = vmInsertPage(k, vma, addr + i * 4096, vmallocFrame(k, h, pgoff + i));
    if (err !== 0 || k.frozen) return err;
  }
  vmFlagsSet(k, vma, VM_DONTEXPAND | VM_DONTDUMP);
  return 0;
}
