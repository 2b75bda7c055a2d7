/** The page allocator and page references: which frames are handed out is a choice of the run. */
import { fillWithOnes } from '../cells.js';
import { PAGE } from '../layout.js';
import type { Kernel } from '../kernel.js';
import { UnknownError } from '../routine.js';
import { PG_DISTANCE_SHIFT, PG_FREE, PG_HEAD, PG_ORDER_SHIFT, PG_RESERVED, PG_TAIL } from '../world.js';

/** Frames tried as heads of a free block, filled by {@link allocPages}; one buffer for all runs. */
const candidates: number[] = [];
/** How many free blocks each of them stands for. */
const weights: number[] = [];

/** {@link allocPages}: `faults alloc` made it fail. */
export const NO_MEMORY = -1;
/** In place of a frame: there is none, as behind a number outside all regions or a `struct page *` that points nowhere. */
export const NO_PAGE = -1;
/** Why a run is not known further when no frame is free: Linux would reclaim or kill. */
const NONE_LEFT = 'bound: ram';

/**
 * `mm/page_alloc.c:__alloc_pages`: any free aligned block of 2^order `ram` frames, by choice.
 * @returns the first frame, or {@link NO_MEMORY}
 */
export function allocPages(k: Kernel, order = 0, zero = false, compound = false): number {
  if (k.allocFails()) return NO_MEMORY;
  const n = 1 << order;
  // whoever gets the last one has no choice, but ends his step where the others do
  k.chose = true;
  const head = takeBlock(k, order);
  for (let i = 0; i < n; i++) {
    const page = k.pages[head + i]!;
    page.flags =
      !compound || order === 0
        ? 0
        : i === 0
          ? PG_HEAD | (order << PG_ORDER_SHIFT)
          : PG_TAIL | (i << PG_DISTANCE_SHIFT);
    page.refcount = i === 0 ? 1 : 0;
    if (zero) clearPage(k, head + i);
  }
  return head;
}

/** A free block: all that differ are tried, or the run's own allocator decides. */
function takeBlock(k: Kernel, order: number): number {
  const { frameSource, exchange, chooser } = k;
  const blocks = k.mem.ramBlocks(order);
  const n = 1 << order;
  if (chooser.among !== undefined) {
    const i = chooser.among(blocks.length, (block) => blockFree(k, blocks[block]!, n));
    if (i < 0) throw new UnknownError(NONE_LEFT);
    return blocks[i]!;
  }
  let found = 0;
  for (let i = 0; i < blocks.length; i++) {
    if (blockFree(k, blocks[i]!, n)) candidates[found++] = blocks[i]!;
  }
  if (found === 0) throw new UnknownError(NONE_LEFT);
  if (frameSource !== undefined) return frameSource.take(candidates.slice(0, found), order);
  if (exchange === undefined) return candidates[k.choose(found)]!;
  const left = exchange.distinct(candidates, found, order, weights);
  const head = candidates[k.choose(left, weights)]!;
  exchange.onTake?.(head);
  return head;
}

function blockFree(k: Kernel, frame: number, n: number): boolean {
  for (let i = 0; i < n; i++) if ((k.pages[frame + i]!.flags & PG_FREE) === 0) return false;
  return true;
}

/** Word index of a frame's first cell. */
export function cellsOf(k: Kernel, frame: number): number {
  return k.layout.frames + frame * k.layout.frameWords + PAGE.CELLS;
}

/** clear_page(). */
export function clearPage(k: Kernel, frame: number): void {
  const c = cellsOf(k, frame);
  for (let i = 0; i < k.layout.shape.cellWords; i++) k.w[c + i] = 0;
}

/** Copies page contents; a source outside all regions reads as all ones. */
export function copyPage(k: Kernel, to: number, from: number): void {
  const c = cellsOf(k, to);
  if (from === NO_PAGE) {
    fillWithOnes(k, c);
    return;
  }
  const s = cellsOf(k, from);
  for (let i = 0; i < k.layout.shape.cellWords; i++) k.w[c + i] = k.w[s + i]!;
}

/** compound_head() as a frame. */
export function compoundHead(k: Kernel, frame: number): number {
  const flags = k.pages[frame]!.flags;
  return (flags & PG_TAIL) === 0 ? frame : frame - ((flags >> PG_DISTANCE_SHIFT) & 0xff);
}

/** get_page(). */
export function getPage(k: Kernel, frame: number): void {
  k.pages[compoundHead(k, frame)]!.refcount += 1;
}

/** put_page(): the last reference frees the page (`mm/swap.c:__folio_put`). */
export function putPage(k: Kernel, frame: number): void {
  const head = k.pages[compoundHead(k, frame)]!;
  head.refcount -= 1;
  if (head.refcount !== 0) return;
  const order = (head.flags & PG_HEAD) !== 0 ? (head.flags >> PG_ORDER_SHIFT) & 15 : 0;
  for (let i = 0; i < 1 << order; i++) freeOne(k, head.frame + i);
}

/** `__free_pages()`: what the driver calls, with the order it remembers. */
export function freePages(k: Kernel, frame: number, order = 0): void {
  const head = k.pages[frame]!;
  const compound = (head.flags & PG_HEAD) !== 0;
  head.refcount -= 1;
  if (head.refcount === 0) for (let i = 0; i < 1 << order; i++) freeOne(k, frame + i);
  else if (!compound) for (let i = 1; i < 1 << order; i++) freeOne(k, frame + i);
}

/** split_page(): every frame of a non-compound block gets a reference of its own. */
export function splitPage(k: Kernel, frame: number, order: number): void {
  for (let i = 1; i < 1 << order; i++) k.pages[frame + i]!.refcount = 1;
}

/**
 * `mm/page_alloc.c:free_pages_prepare`: a page that is still mapped, reserved or already free is reported ("Bad page state") and stays
 * out of the allocator.
 */
function freeOne(k: Kernel, frame: number): void {
  const page = k.pages[frame]!;
  if (page.mapcount !== 0 || (page.flags & (PG_RESERVED | PG_FREE)) !== 0 || k.mem.isRam[frame] === 0) {
    k.badPage();
    return;
  }
  page.flags = PG_FREE;
  k.frameSource?.freed(frame);
}
