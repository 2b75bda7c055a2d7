import { describe, expect, test } from 'vitest';
import { DiagnosticError, DiagnosticSink } from '../../src/c/diagnostics.js';
import { expectedVerdict, runsOn } from '../../src/litmus/configuration.js';
import { parseSelector } from '../../src/litmus/selector-parse.js';
import { compareReleases, select } from '../../src/litmus/selector.js';
import { sample } from '../../src/litmus/codes/sample.js';
import { configuration, CONFIGURATIONS } from './configurations.js';
import { parse, source } from './diagnose.js';

function selected(text: string): string[] {
  const sink = new DiagnosticSink(source(text));
  const selector = parseSelector(text, { start: 0, end: text.length }, sink);
  expect(sink.diagnostics).toEqual([]);
  return select(selector, CONFIGURATIONS).map((c) => `${c.arch}+${c.release}`);
}

describe('select', () => {
  test('or-s architectures and or-s releases, and and-s the two', () => {
    expect(selected('arm, um')).toEqual(['arm+6.1', 'arm+6.12', 'arm+7.2', 'um+6.1', 'um+6.12', 'um+7.2']);
    expect(selected('arm, 6.1, 7.2, um')).toEqual(['arm+6.1', 'arm+7.2', 'um+6.1', 'um+7.2']);
  });

  test('and-s traits', () => {
    expect(selected('mmap_prepare, !pte_special')).toEqual(['arm+7.2', 'um+7.2']);
    expect(selected('folio_walk, 6.1')).toEqual([]);
  });

  test.each([
    ['6.12', ['arm+6.12']],
    ['>=6.12', ['arm+6.12', 'arm+7.2']],
    ['> 6.12', ['arm+7.2']],
    ['<=6.12', ['arm+6.1', 'arm+6.12']],
    ['<6.12', ['arm+6.1']],
  ])('compares releases: %s', (text, expected) => {
    expect(selected(`arm, ${text}`)).toEqual(expected);
  });
});

test('releases are ordered by their numbers, not as text', () => {
  expect(['7.2', '6.12', '6.1', '6.12.1', '6'].sort(compareReleases)).toEqual([
    '6',
    '6.1',
    '6.12',
    '6.12.1',
    '7.2',
  ]);
});

describe('the expected verdict', () => {
  const verdict = (lines: string[], arch: string, release: string): string | undefined => {
    const header = lines.length > 0 ? `(*\n${lines.map((l) => ` * ${l}\n`).join('')} *)` : '';
    return expectedVerdict(parse(sample({ header })), configuration(arch, release), CONFIGURATIONS);
  };

  test('is absent in a test without results', () => {
    expect(verdict([], 'arm', '6.1')).toBeUndefined();
  });

  test('is that of the most specific line', () => {
    const lines = ['Result(arm): Sometimes', 'Result: Never', 'Result(arm, 7.2): Always'];
    expect(verdict(lines, 'um', '7.2')).toBe('Never');
    expect(verdict(lines, 'arm', '6.1')).toBe('Sometimes');
    expect(verdict(lines, 'arm', '7.2')).toBe('Always');
  });

  test('takes subsets of configurations, not of items', () => {
    // mmap_prepare exists in 7.2 only, so the first line is within the second
    const lines = ['Result(arm, mmap_prepare): Always', 'Result(7.2): Never', 'Result: Never'];
    expect(verdict(lines, 'arm', '7.2')).toBe('Always');
    expect(verdict(lines, 'um', '7.2')).toBe('Never');
  });

  test('takes them within Only', () => {
    const lines = [
      'Only: arm, um',
      'Result(!pte_special, 7.2): Always',
      'Result(7.2): Always',
      'Result: Never',
    ];
    expect(verdict(lines, 'arm', '7.2')).toBe('Always');
  });

  test('is an error where no line matches, and where none wins', () => {
    const fails = (lines: string[]): string => {
      try {
        return String(verdict(lines, 'arm', '7.2'));
      } catch (error) {
        return error instanceof DiagnosticError ? error.diagnostics[0].code : 'other';
      }
    };
    expect(fails(['Result(um): Never'])).toBe('PFN4009');
    expect(fails(['Result(arm): Never', 'Result(7.2): Always'])).toBe('PFN4010');
    expect(fails(['Result(arm): Never', 'Result(7.2): Never'])).toBe('PFN4010');
  });
});

test('Only restricts where a test runs', () => {
  const restricted = parse(sample({ header: '(* Only: mmap_prepare, pte_special *)' }));
  expect(runsOn(restricted, configuration('arm64', '7.2'), CONFIGURATIONS)).toBe(true);
  expect(runsOn(restricted, configuration('arm64', '6.12'), CONFIGURATIONS)).toBe(false);
  expect(runsOn(restricted, configuration('arm', '7.2'), CONFIGURATIONS)).toBe(false);
  expect(runsOn(parse(sample({})), configuration('arm', '7.2'), CONFIGURATIONS)).toBe(true);
});
