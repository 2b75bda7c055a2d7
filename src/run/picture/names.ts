/** Words of the world as a reader knows them. */
import { handleIndex, handleKind, HandleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { vmallocPages } from '../../kernel/mm/vmalloc.js';
import { blockOf } from '../../kernel/slab.js';
import { frameName } from '../changes.js';
import type { Compiled } from '../boot.js';

/** `P0`, or `P0:c1.c2` for a child's child. */
export function processName(k: Kernel, slot: number): string {
  const p = k.procs[slot]!;
  if (p.parent < 0) return `P${slot}`;
  const above = processName(k, p.parent);
  return `${above}${above.includes(':') ? '.' : ':'}c${p.nth}`;
}

/** `/dev/NAME` of a file. */
export function deviceName(c: Compiled, k: Kernel, file: number): string {
  return `/dev/${c.lowered.program.drivers[k.files[file]!.driver]?.name ?? '?'}`;
}

/** The frame of an index by name. */
function frameOf(k: Kernel, frame: number): string {
  return frameName(k, k.mem.pfnOf[frame]!);
}

/** What a kernel pointer points to. */
export function pointerText(c: Compiled, k: Kernel, h: number): string {
  if (h === 0) return 'NULL';
  if (h < 0) return h >= -4095 ? `ERR_PTR(${h})` : 'an address';
  const index = handleIndex(h);
  switch (handleKind(h)) {
    case HandleKind.Page:
      return index < k.mem.frames ? `the struct page of ${frameOf(k, index)}` : 'no struct page';
    case HandleKind.Kaddr:
      return index >> 12 < k.mem.frames ? `the memory of ${frameOf(k, index >> 12)}` : 'no memory';
    case HandleKind.Vma: {
      const vma = k.vmas[index];
      if (vma === undefined || vma.mm < 0) return 'a VMA that is gone';
      return `the VMA of ${processName(k, vma.mm)} at page ${vma.start}`;
    }
    case HandleKind.File:
      return `an open ${deviceName(c, k, index)}`;
    case HandleKind.Mm:
      return `the mm of ${processName(k, index)}`;
    case HandleKind.Vmalloc:
      return areaText(k, index);
    case HandleKind.Data:
      return 'an object';
    default:
      return 'a kernel object';
  }
}

function areaText(k: Kernel, area: number): string {
  const frames = areaFrames(k, area);
  if (frames.length === 0) return 'a vmalloc area that is gone';
  return `vmalloc area of ${frames.map((frame) => frameOf(k, frame)).join(', ')}`;
}

/** Frames of a vmalloc'ed area; none once it is gone. */
function areaFrames(k: Kernel, area: number): number[] {
  if (blockOf(k, area) !== area - 1) return [];
  return Array.from({ length: vmallocPages(k, area) }, (_, i) => k.w[area + 1 + i]!);
}

/** Whether a word of the driver's names a frame: as a page, its number, its address, or the area that it is part of. */
export function namesFrame(k: Kernel, word: number, frame: number): boolean {
  if (word === 0) return false;
  const pfn = k.mem.pfnOf[frame]!;
  if (word === pfn || word === ((pfn * 4096) | 0)) return true;
  if (word < 0) return false;
  const index = handleIndex(word);
  switch (handleKind(word)) {
    case HandleKind.Page:
      return index === frame;
    case HandleKind.Kaddr:
      return index >> 12 === frame;
    case HandleKind.Vmalloc:
      return areaFrames(k, index).includes(frame);
    default:
      return false;
  }
}
