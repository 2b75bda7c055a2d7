import { describe, expect, test } from 'vitest';
import { UsageError } from '../../src/cli/exit.js';
import {
  checkName,
  configurations,
  parseAllocators,
  parseCount,
  parsePtrs,
  parseRam,
  parseSeconds,
  parseSize,
  probabilityOf,
  withBareOptions,
} from '../../src/cli/options.js';

const OFFER = { archs: ['x86_64', 'arm64', 'arm', 'um'], releases: ['6.1', '6.12', '7.2'] };

function names(flags: Partial<Parameters<typeof configurations>[0]>): string[] {
  return configurations({ all: false, ...flags }, OFFER).map(({ arch, release }) => `${arch} ${release}`);
}

describe('configurations', () => {
  test('are x86_64 and arm with 7.2 if nothing is asked for', () => {
    expect(names({})).toEqual(['x86_64 7.2', 'arm 7.2']);
  });

  test('are every combination of what is asked for, each once', () => {
    expect(names({ arch: ['um', 'arm', 'um'], release: ['6.1', '7.2'] })).toEqual([
      'um 6.1',
      'um 7.2',
      'arm 6.1',
      'arm 7.2',
    ]);
  });

  test('--all fills in what was not asked for', () => {
    expect(names({ all: true })).toHaveLength(12);
    expect(names({ all: true, arch: ['arm'] })).toEqual(['arm 6.1', 'arm 6.12', 'arm 7.2']);
    expect(names({ all: true, release: ['6.1'] })).toHaveLength(4);
  });

  test.each([
    [
      { arch: ['x86-64'] },
      "unknown architecture 'x86-64'; did you mean 'x86_64'?\n  known: x86_64, arm64, arm, um",
    ],
    [{ release: ['6.2'] }, "unknown release '6.2'; did you mean '6.1'?\n  known: 6.1, 6.12, 7.2"],
    [{ arch: [] }, 'no architecture given'],
  ])('%j is a mistake', (flags, message) => {
    expect(() => names(flags)).toThrow(new UsageError(message));
  });
});

test('a name far from all others gets no guess', () => {
  expect(() => checkName('sparc', ['x86_64', 'arm'], 'architecture')).toThrow(
    /^unknown architecture 'sparc'\n/,
  );
});

test.each([
  ['1', 1000],
  ['0.5', 500],
  ['1e1', 10_000],
])('%s seconds are %i ms', (text, ms) => {
  expect(parseSeconds(text)).toBe(ms);
});

test.each(['', '0', '-1', 'x', 'Infinity', 'NaN', ' '])('%j is no time', (text) => {
  expect(() => parseSeconds(text)).toThrow(UsageError);
});

test.each([
  ['1', 1],
  ['1_000', 1000],
  ['1e6', 1_000_000],
])('%s is the count %i', (text, number) => {
  expect(parseCount(text)).toBe(number);
});

test.each(['', '0', '-1', '1.5', 'many', '1e400'])('%j is no count', (text) => {
  expect(() => parseCount(text)).toThrow(UsageError);
});

test('page tables have 2, 4 or 8 entries', () => {
  expect(['2', '4', '8'].map(parsePtrs)).toEqual([2, 4, 8]);
  for (const text of ['3', '', '16', 'four']) expect(() => parsePtrs(text)).toThrow('expected 2, 4, 8');
});

test.each([
  ['65536', 65536],
  ['4K', 1],
  ['240M', 61440],
  ['1g', 262144],
])('%s of RAM are %i frames', (text, frames) => {
  expect(parseRam(text)).toBe(frames);
});

test.each(['', '0', '1K', 'M', '-4K', '1.5M'])('%j is no RAM', (text) => {
  expect(() => parseRam(text)).toThrow(UsageError);
});

test('--probability alone asks about both allocators, and takes no file for its value', () => {
  expect(withBareOptions(['run', '--probability', 'a', '--', '--probability'])).toEqual([
    'run',
    '--probability=both',
    'a',
    '--',
    '--probability',
  ]);
  expect(parseAllocators('both')).toEqual(['uniform', 'last-freed']);
  expect(parseAllocators('uniform')).toEqual(['uniform']);
  expect(() => parseAllocators('unifrom')).toThrow(/did you mean 'uniform'/);
});

test('--ram is about probabilities', () => {
  expect(() => probabilityOf({ ram: 3 })).toThrow(UsageError);
  expect(probabilityOf({})).toEqual({});
});

test('sizes are mebibytes and gibibytes', () => {
  expect(parseSize('500M')).toBe(500 * 2 ** 20);
  expect(parseSize('1.5G')).toBe(1.5 * 2 ** 30);
  for (const text of ['', '0M', '5', '5K', 'M', '-1G']) expect(() => parseSize(text)).toThrow(UsageError);
});
