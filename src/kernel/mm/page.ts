/** Sizes and addresses of pages: all architectures of the model have pages of 4 KiB. */
import type { Kernel } from '../kernel.js';

export const PAGE_SIZE = 4096;

/** offset_in_page(): of an address, or of its lower word. */
export function offsetInPage(addr: number): number {
  return addr & (PAGE_SIZE - 1);
}

/** Page of the arena that a byte address lies in. */
export function pageOfAddr(k: Kernel, addr: number): number {
  return Math.floor((addr - k.arenaBase) / PAGE_SIZE);
}

/** The address of page `pg` of an arena. */
export function pageAddr(k: Kernel, pg: number): number {
  return k.arenaBase + pg * PAGE_SIZE;
}
