/**
 * Differences between model and machine that are understood. A test that differs and is not listed here fails; who mends the cause takes
 * the entry out.
 */
export interface Difference {
  /** Name of the test. */
  readonly test: string;
  /** Ids of the kernels where it differs. */
  readonly kernels: readonly string[];
  /** Who is right, and why. */
  readonly explanation: string;
  /** Where in the kernel's source the reason stands: `mm/memory.c:vm_normal_page`. */
  readonly source: string;
}

export const DIFFERENCES: readonly Difference[] = [];
