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

export const DIFFERENCES: readonly Difference[] = [
  {
    test: 'copy-from-user-raw',
    kernels: ['amd64-7.2', 'um-7.2'],
    explanation:
      'The model is wrong: copy_from_user() clears what it could not copy, so a failing copy leaves 0 in the destination.',
    source: 'include/linux/uaccess.h:_inline_copy_from_user',
  },
];
