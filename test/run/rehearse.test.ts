import { expect, test } from 'vitest';
import type { TransitionSystem } from '../../src/explore/system.js';
import { ToldApart } from '../../src/kernel/exchange.js';
import { CapacityError, INITIAL_CAPACITIES } from '../../src/kernel/layout.js';
import { UnknownError } from '../../src/kernel/routine.js';
import { rehearse } from '../../src/run/rehearse.js';

const CAPS = { ...INITIAL_CAPACITIES, procs: 2, threads: 2 };

/** Two threads that count to three, one word each. */
function counters(
  onStep: (words: Int32Array) => void = () => undefined,
  end = 3,
): TransitionSystem & { way: number[] } {
  const words = new Int32Array(2);
  const way: number[] = [];
  return {
    words,
    cuts: [0],
    moves: 2,
    way,
    enabled: (m) => words[m]! < end,
    apply: (m) => {
      way.push(m);
      words[m]! += 1;
      onStep(words);
    },
  };
}

/** Throws where the second thread stands at 2. */
function throwing(error: Error): TransitionSystem {
  return counters((words) => {
    if (words[1] === 2) throw error;
  });
}

test('one thread after the other runs to its end, and the words are what they were', () => {
  const system = counters();
  rehearse(system, CAPS);
  expect(system.way).toEqual([0, 0, 0, 1, 1, 1]);
  expect([...system.words]).toEqual([0, 0]);
});

test('a move that is made alone comes first', () => {
  const system = counters();
  const alone = { move: () => (system.words[1]! < 3 ? 1 : -1), advanced: () => true };
  rehearse(Object.assign(system, { alone }), CAPS);
  expect(system.way).toEqual([1, 1, 1, 0, 0, 0]);
});

test('what starts a search again is thrown', () => {
  expect(() => rehearse(throwing(new ToldApart({ first: 4, count: 1 })), CAPS)).toThrow(ToldApart);
  expect(() => rehearse(throwing(new CapacityError('vmas')), CAPS)).toThrow(CapacityError);
});

test('everything else is left to the search', () => {
  const largest = { ...CAPS, vmas: 1_000_000 };
  for (const [error, caps] of [
    [new UnknownError('it is not modelled'), CAPS],
    [new CapacityError('vmas'), largest],
  ] as const) {
    const system = throwing(error);
    rehearse(system, caps);
    expect([...system.words]).toEqual([0, 0]);
  }
});

test('who loops is left at some time', () => {
  const system = counters(undefined, Infinity);
  rehearse(system, CAPS);
  expect(system.way.length).toBeLessThan(1000);
});
