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
import { allocPages, putPage } from './page_alloc.js';

/**
 * `mm/vmalloc.c:vmalloc_user`: zeroed single pages, of which the area keeps a list.
 * @param size bytes, rounded up to pages
 * @returns a Vmalloc handle (word index of the list: its length, then frames), or 0
 */
export function vmallocUser(k: Kernel, size: number): number {
  const pages = Math.ceil(size / 4096);
  const area = pages === 0 ? 0 : kzalloc(k, pages + 1);
  if (area === 0) return 0;
  const at = handleIndex(area);
  for (let i = 0; i < pages; i++) {
    const frame = allocPages(k, 0, true);
    if (frame < 0) {
      vfree(k, handle(HandleKind.Vmalloc, at));
      return 0;
    }
    k.w[at] = i + 1;
    k.w[at + 1 + i] = frame;
  }
  return handle(HandleKind.Vmalloc, at);
}

/** `mm/vmalloc.c:vfree`: drops the area's reference on each page; NULL is fine. */
export function vfree(k: Kernel, h: number): void {
  if (h === 0) return;
  const at = areaOf(k, h);
  if (at < 0) return;
  for (let i = 0; i < k.w[at]!; i++) putPage(k, k.w[at + 1 + i]!);
  kfree(k, handle(HandleKind.Data, at));
}

/** Word index of an area, or -1 after the run was frozen. */
function areaOf(k: Kernel, h: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Vmalloc) return handleIndex(h);
  k.undefinedBehaviour(Undefined.BadPointer);
  return -1;
}

/** Frame of page `i` of an area, or -1 when it has no such page. */
export function vmallocFrame(k: Kernel, h: number, i: number): number {
  const at = areaOf(k, h);
  return at >= 0 && i >= 0 && i < k.w[at]! ? k.w[at + 1 + i]! : -1;
}

/**
 * `mm/vmalloc.c:remap_vmalloc_range_partial` from the start of the VMA: inserts the area's pages, counted, from `pgoff` on, then
 * VM_DONTEXPAND and VM_DONTDUMP.
 * @returns 0, -EINVAL when the range leaves the area, or what vm_insert_page() says
 */
export function remapVmallocRange(k: Kernel, vma: Vma, h: number, pgoff: number): number {
  const at = areaOf(k, h);
  if (at < 0) return 0;
  if (pgoff + vma.pages > k.w[at]!) return -EINVAL;
  for (let i = 0; i < vma.pages; i++) {
    const err = vmInsertPage(k, vma, vmStart(k, vma) + i * 4096, k.w[at + 1 + pgoff + i]!);
    if (err !== 0 || k.frozen) return err;
  }
  vmFlagsSet(k, vma, VM_DONTEXPAND | VM_DONTDUMP);
  return 0;
}
