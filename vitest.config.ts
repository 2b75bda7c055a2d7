import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    // A thread starts faster than a process, and nothing here changes process-wide state.
    pool: 'threads',
    // Files share what they import: loading the model anew for each of them took longer than the tests.
    isolate: false,
    // All processors; left alone, vitest keeps one for itself.
    maxWorkers: '100%',
    // Exploring a large test on a busy machine takes seconds.
    testTimeout: 30_000,
  },
});
