/** What page tables of the machines are like. */

/** Entries of a page table of the machines: that arm's hardware has fewer a table shows nowhere. */
export const MACHINE_PTRS = 512;
const PMD_SIZE = 4096n * BigInt(MACHINE_PTRS);

/** Bytes of the reach of page tables of the machines. */
export const MACHINE_SIZES = {
  PMD_SIZE,
  PUD_SIZE: PMD_SIZE * BigInt(MACHINE_PTRS),
  PTRS_PER_PTE: BigInt(MACHINE_PTRS),
  PTRS_PER_PMD: BigInt(MACHINE_PTRS),
} as const;
