/** Revoking by file: `mm/memory.c:unmap_mapping_range` (C.9, F-21). */
import type { Kernel } from '../kernel.js';
import { LockMode, routine, type Routine } from '../routine.js';
import { VMA_IN_IMAP, type Vma } from '../world.js';
import { zapPageRange } from './memory/zap.js';
import { arg64, pagesOf } from './mmap.js';
import { imapLock } from './vma.js';
import { PAGE_SIZE } from './page.js';

/** Local words: mapping handle, byte offset, byte length, even_cows, then the next VMA slot to look at. */
export const UNMAP = { MAPPING: 1, BEGIN: 3, LEN: 5, EVEN_COWS: 7, NEXT: 9, WORDS: 9 } as const;

const Pc = { Start: 0, Next: 1 } as const;

/**
 * Zaps what maps bytes [holebegin, holebegin + holelen) of a mapping; length 0 means to the end of the file. Arguments take two words
 * each: mapping, begin, length, even_cows. VMAs are found by their vm_pgoff, so a copy-on-write remap, whose vm_pgoff is a pfn, is missed by
 * its file offset. Other processes may come in between two VMAs.
 */
export const unmapMappingRange: Routine = routine(
  'mm/memory.c:unmap_mapping_range',
  UNMAP.WORDS,
  (k, f, pc) => {
    const driver = k.w[f + UNMAP.MAPPING]! & 0xff;
    const lock = imapLock(k, driver);
    if (pc === Pc.Start && !k.tryRead(lock)) return k.wait(f, Pc.Start, lock, LockMode.Read);
    const [first, last] = holePages(k, arg64(k, f + UNMAP.BEGIN), arg64(k, f + UNMAP.LEN));
    for (let slot = k.w[f + UNMAP.NEXT]!; slot < k.vmas.length; slot++) {
      const v = k.vmas[slot]!;
      if (!inMapping(k, v, driver)) continue;
      const pgoff = v.pgoff;
      if (pgoff > last || pgoff + v.pages - 1 < first) continue;
      const from = v.start + Math.max(0, first - pgoff);
      const to = v.start + Math.min(v.pages, last - pgoff + 1);
      zapPageRange(k, v, from, to, k.w[f + UNMAP.EVEN_COWS] !== 0);
      k.w[f + UNMAP.NEXT] = slot + 1;
      return k.point(f, Pc.Next);
    }
    k.upRead(lock);
    k.ret(f);
  },
);

/**
 * First and last page of the hole, in the kernel's arithmetic: the byte offset is cast to pgoff_t before it is shifted, so a 32-bit kernel
 * loses what lies above 4 GiB. A range that wraps, and one of length 0, goes to the end.
 */
function holePages(k: Kernel, begin: number, len: number): readonly [number, number] {
  const limit = 2 ** k.facts.bitsPerLong;
  const first = Math.floor((begin % limit) / PAGE_SIZE);
  let pages = pagesOf(len % limit);
  if (k.facts.bitsPerLong === 32 && (begin + len + PAGE_SIZE - 1) / PAGE_SIZE >= limit) pages = limit - first;
  return [first, pages === 0 || first + pages > limit ? Infinity : first + pages - 1];
}

function inMapping(k: Kernel, v: Vma, driver: number): boolean {
  return v.mm >= 0 && v.has(VMA_IN_IMAP) && k.files[v.file]!.driver === driver;
}
