import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A thread starts faster than a process, and nothing here changes process-wide state.
    pool: 'threads',
    // Exploring a large test on a busy machine takes seconds.
    testTimeout: 30_000,
  },
});
