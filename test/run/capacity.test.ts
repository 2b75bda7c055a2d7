import { describe, expect, it } from 'vitest';
import { run } from './support.js';

describe('a thread with many variables', () => {
  it.each([90, 120, 240])('begins on a stack that holds them: %d', async (n) => {
    const each = (line: (i: number) => string): string =>
      Array.from({ length: n }, (_, i) => line(i)).join('');
    const threads = `P0() { long r = 0; ${each((i) => `long v${i} = ${i}; `)} ${each((i) => `r = r + v${i}; `)} }`;
    const result = await run({ threads, condition: `forall (0:r = ${(n * (n - 1)) / 2})` });
    expect([result.status, result.observation]).toEqual(['ran', 'Always']);
  });
});
