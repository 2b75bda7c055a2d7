/** Local words of `handleMmFault`; a driver's `struct vm_fault *` points at them. */
export const VMF = {
  VMA: 0,
  /** Page of the arena. */
  PG: 1,
  FLAGS: 2,
  /** vmf->page, a handle. */
  PAGE: 3,
  /** Copy being made: frame + 1. */
  COW: 4,
  /** The entry that was seen, both words. */
  ORIG_LO: 5,
  ORIG_HI: 6,
  /** Source of a copy: frame + 1, when a reference is held on it. */
  OLD: 7,
  /** Level whose huge_fault runs, or 0. */
  LEVEL: 8,
  WORDS: 9,
} as const;
