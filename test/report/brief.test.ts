import { describe, expect, test } from 'vitest';
import { stepLines } from '../../src/report/brief.js';
import { formatVerify } from '../../src/report/verify.js';
import type { VerifyResult, VerifyStep, Violation } from '../../src/verify/types.js';

const PICTURE = { processes: [], frames: [], globals: [], kernel: [] };

function step(operation: string, ...changes: string[]): VerifyStep {
  return { thread: 'P0', operation, changes, rules: [], picture: PICTURE };
}

const VMA = 'new VMA, P0 pages 0..0: READ|WRITE|SHARED|MAYREAD|MAYWRITE|PFNMAP|IO|DONTDUMP, pgoff 0x0';

function violation(steps: readonly VerifyStep[], blamed: number): Violation {
  return {
    invariant: 'class',
    statement: 'an entry is a normal page to the mm exactly if it was counted when it was installed',
    where: 'frame pool.0, page 0, process 0',
    at: {},
    start: PICTURE,
    blame: {
      rule: 'F-1b',
      by: 'driver',
      step: blamed,
      how: 'pool.0 is free while a window names it '.repeat(3),
    },
    steps,
  };
}

const trivial = (n: number): VerifyStep[] =>
  Array.from({ length: n }, (_, i) =>
    step(`step(${i + 1})`, VMA, `P0 anon RSS 0 -> ${i}`, `frame pool.${i}: freed`),
  );

describe('steps', () => {
  test('are told in full where there is room', () => {
    expect(stepLines(violation([step('fork()', 'P0 created', 'P0 anon RSS 0 -> 1')], 1), 9)).toEqual([
      '   1. P0  fork()',
      '        P0 created',
      '        P0 anon RSS 0 -> 1',
    ]);
  });

  test('leave out what follows from the rest where there is less', () => {
    expect(stepLines(violation(trivial(2), 1), 6)).toEqual([
      '   1. P0  step(1)',
      '        new VMA, P0 pages 0..0: PFNMAP, pgoff 0x0; frame pool.0: freed',
      '   2. P0  step(2)',
      '        new VMA, P0 pages 0..0: PFNMAP, pgoff 0x0; frame pool.1: freed',
    ]);
  });

  test('keep the changes of the last step, and of the one to blame', () => {
    const lines = stepLines(violation(trivial(5), 2), 7);
    expect(lines).toHaveLength(7);
    expect(lines.filter((line) => line.includes('freed'))).toEqual([
      expect.stringContaining('pool.1'),
      expect.stringContaining('pool.4'),
    ]);
  });

  test('are cut in the middle where there are more than lines', () => {
    expect(stepLines(violation(trivial(9), 2), 4)).toEqual([
      '   1. P0  step(1)',
      '       ... 6 steps, which --emit and --html write down',
      '   8. P0  step(8)',
      '   9. P0  step(9)',
    ]);
  });
});

test.each([1, 2, 5, 8, 9, 10, 13, 40])('a violation of %i steps takes at most 20 lines', (n) => {
  const result: VerifyResult = {
    ...{ test: 't', file: 't.litmus', arch: 'arm', release: '7.2', verdict: 'violated' },
    violation: violation(trivial(n), Math.ceil(n / 2)),
    ...{ states: 1, transitions: 1, depth: 1, exhaustive: false, bounds: [], excludes: [], timeMs: 1 },
  };
  const lines = formatVerify(result, 'Sometimes').split('\n').slice(0, -1);
  expect(lines.length).toBeLessThanOrEqual(20);
  expect(lines.filter((line) => line.includes(`${n}. P0  step(${n})`))).toHaveLength(1);
});
