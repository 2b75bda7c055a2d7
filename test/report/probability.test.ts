import { expect, test } from 'vitest';
import { formatProbability } from '../../src/report/probability.js';
import { result } from './results.js';

const chances = (fraction: string, decimal: number) => ({ fraction, decimal });

test('a fraction and three digits of it, a range where there is one, a reason where there is no answer', () => {
  const base = { frames: 61440, states: 1 };
  const one = chances('1/61440', 1 / 61440);
  const text = formatProbability(
    result({
      probability: [
        { ...base, allocator: 'uniform', atLeast: one, atMost: one },
        { ...base, allocator: 'last-freed', atLeast: chances('0', 0), atMost: chances('2/3', 2 / 3) },
        { ...base, allocator: 'last-freed', reason: 'bound: 1 s' },
      ],
    }),
  );
  expect(text.split('\n')).toEqual([
    'Probability of demo+arm+7.2',
    '  uniform, 61,440 frames: 1/61440 (1.63e-5)',
    '  last-freed, 61,440 frames: at least 0, at most 2/3 (0.667), as the schedule and other choices are',
    '  last-freed, 61,440 frames: unknown (bound: 1 s)',
    '',
    '',
  ]);
});

test('nothing where nobody asked', () => expect(formatProbability(result())).toBe(''));
