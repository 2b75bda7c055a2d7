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
    test: 'fault-results-gup',
    kernels: ['um-7.2', 'um-6.1'],
    explanation:
      'User-mode Linux stops with BUG() when a process touches a page for which the handler answers VM_FAULT_HWPOISON; every other architecture sends SIGBUS.',
    source: 'arch/um/kernel/trap.c:handle_page_fault',
  },
];
