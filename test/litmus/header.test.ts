import { describe, expect, test } from 'vitest';
import { headed, sample } from '../../src/litmus/codes/sample.js';
import { codes, parse } from './diagnose.js';

describe('the header', () => {
  test('says what is expected and where, and the rest is prose', () => {
    const header = `(*
 * Result: Never
 * Result( !pte_special ,6.1 ):   Sometimes
 * Only: >=6.1
 *
 * The result: nothing. Only with care.
 *   - indented
 *)
(* More. *)`;
    const { results, only, comment } = parse(sample({ header }));
    expect(results.map((r) => [r.selector?.text, r.verdict])).toEqual([
      [undefined, 'Never'],
      ['!pte_special, 6.1', 'Sometimes'],
    ]);
    expect(only?.text).toBe('>=6.1');
    expect(comment).toBe('The result: nothing. Only with care.\n  - indented\n\nMore.');
  });

  test('may be missing', () => {
    const { results, only, comment } = parse(sample({}));
    expect([results, only, comment]).toEqual([[], undefined, '']);
  });

  test('may be written in one line or without stars', () => {
    expect(parse(headed('Result: Always')).results[0].verdict).toBe('Always');
    expect(parse(sample({ header: '(*\nOnly: arm\nResult: Always *)' })).only?.text).toBe('arm');
  });

  test.each([
    ['result: Never', 'PFN4001'],
    ['Result = Never', 'PFN4001'],
    ['Result(arm: Never', 'PFN4001'],
    ['Only(arm): Never', 'PFN4001'],
    ['RESULTS(arm): Never', 'PFN4001'],
    ['Result:', 'PFN4002'],
    ['Result: never', 'PFN4002'],
    ['Result: Never.', 'PFN4002'],
    ['Result(): Never', 'PFN4004'],
    ['Result(arm,,um): Never', 'PFN4004'],
    ['Result(~pte_special): Never', 'PFN4004'],
    ['Result(v6.1): Never', 'PFN4004'],
    ['Result(!6.1): Never', 'PFN4007'],
    ['Only:', 'PFN4011'],
    ['shows: F-2', 'PFN4001'],
    ['Show: F-2', 'PFN4001'],
    ['Breaks = F-2', 'PFN4001'],
    ['Obeys(arm): F-2', 'PFN4001'],
    ['Shows:', 'PFN4015'],
    ['Shows: F-2,', 'PFN4015'],
    ['Shows: F-2 F-3', 'PFN4015'],
    ['Shows: F-999', 'PFN4016'],
    ['Obeys: B.2-prot', 'PFN4017'],
  ])('refuses %s', (line, code) => {
    expect(codes(headed(line))).toEqual([code]);
  });

  test('names ids of the contract', () => {
    const { references, comment } = parse(
      sample({ header: '(* Shows: B.2-prot,  H-9\nBreaks: F-1a\nObeys: F-2 *)' }),
    );
    expect(references.map(({ role, id }) => `${role} ${id}`)).toEqual([
      'shows B.2-prot',
      'shows H-9',
      'breaks F-1a',
      'obeys F-2',
    ]);
    expect(comment).toBe('');
  });

  test('takes selections as equal whatever their order', () => {
    expect(
      codes(sample({ header: '(* Result(arm, um): Never\nResult(um, arm): Never\nResult: Never *)' })),
    ).toEqual(['PFN4003']);
  });
});
