import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { visit } from '../../bench/spin/states.mjs';
import * as pfnmap from '../../src/index.js';
import { PAGE, THREAD } from '../../src/kernel/layout.js';
import { ThreadState } from '../../src/kernel/routine.js';
import { VMA_IN_IMAP, VMA_LINKED } from '../../src/kernel/world.js';
import { grammar } from '../litmus/grammar.js';

const counts = JSON.parse(readFileSync(new URL('../../bench/spin/counts.json', import.meta.url), 'utf8'));

describe('bench/spin', () => {
  it('reaches as many states, under the projection, as the Promela model did in SPIN', () => {
    const lib = {
      ...pfnmap,
      PAGE,
      THREAD,
      ThreadState: { Parked: ThreadState.Parked },
      VMA_IN_IMAP,
      VMA_LINKED,
    };
    const seen = new Set<string>();
    visit(lib, grammar, 1, 5, (line: string) => seen.add(line));
    expect(seen.size).toBe(counts[1][5].projected);
  });
});
