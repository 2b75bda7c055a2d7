/** Sizes of regions that follow the size of a page table: `2 * PTRS_PER_PTE pages` is two PMD leaves everywhere. */
import type { Region } from './ast.js';

/** One product of a size: `factor` pages times a table's entries, `tables` times. */
export interface SizeTerm {
  readonly factor: number;
  readonly tables: number;
}

/** Names that stand for the entries of a page table. */
export const TABLE_NAMES: readonly string[] = ['PTRS_PER_PTE', 'PTRS_PER_PMD'];

/** Entries that a table has at least and at most in the model (`--ptrs`), and usually. */
export const LEAST_PTRS = 2;
export const MOST_PTRS = 8;
export const USUAL_PTRS = 4;

/** Pages that a size comes to. @param ptrs entries of a page table, the model's or the machine's */
export function sizeInPages(terms: readonly SizeTerm[], ptrs: number): number {
  return terms.reduce((sum, { factor, tables }) => sum + factor * ptrs ** tables, 0);
}

/** Pages of a region. @param ptrs entries of a page table */
export function regionPages(region: Region, ptrs: number): number {
  return region.size === undefined ? region.pages : sizeInPages(region.size, ptrs);
}
