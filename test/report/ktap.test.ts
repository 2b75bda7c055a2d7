import { describe, expect, test } from 'vitest';
import { ktapReport } from '../../src/report/ktap.js';
import type { RunResult } from '../../src/run/result.js';
import { readKtap } from './ktap-reader.js';
import { result } from './results.js';

/** A report of files, each with its results. */
function written(files: Record<string, readonly RunResult[]>): string {
  const report = ktapReport();
  let text = report.begin(Object.keys(files).length);
  for (const [file, results] of Object.entries(files)) {
    text += report.fileBegin(file, results.length);
    for (const one of results) text += report.result(one);
    text += report.fileEnd();
  }
  return text + report.end();
}

const bad = result({ observation: 'Sometimes', expected: 'Never', ok: false });
const skipped = result({ status: 'n/a', ok: false, reason: 'Only: mmap_prepare', arch: 'um' });
const unknown = result({ observation: 'Unknown', ok: false, exhaustive: false, reason: 'bound: 5 s' });

describe('ktapReport', () => {
  test('nests configurations in files, and is KTAP version 1', () => {
    expect(written({ 'a.litmus': [result(), result({ arch: 'x86_64' })] })).toBe(
      [
        'KTAP version 1',
        '1..1',
        '  KTAP version 1',
        '  # Subtest: a.litmus',
        '  1..2',
        '  ok 1 arm+7.2',
        '  ok 2 x86_64+7.2',
        'ok 1 a.litmus',
        '# Totals: pass:2 fail:0 xfail:0 xpass:0 skip:0 error:0',
        '',
      ].join('\n'),
    );
  });

  test('a file is as bad as its worst configuration', () => {
    const { tests, totals } = readKtap(
      written({ a: [result(), bad], b: [result(), skipped], c: [skipped], d: [unknown, result()] }),
    );
    expect(tests.map(({ ok, directive }) => [ok, directive])).toEqual([
      [false, undefined],
      [true, undefined],
      [true, 'SKIP'],
      [false, 'ERROR'],
    ]);
    expect(totals).toBe('# Totals: pass:3 fail:1 xfail:0 xpass:0 skip:2 error:1');
  });

  test('a differing verdict says before its line what was found', () => {
    const [file] = readKtap(written({ a: [bad] })).tests;
    expect(file?.subtests[0]?.diagnostics).toEqual([
      '# Sometimes 1 1, expected Never',
      '# exists (0:r = 1)',
      '# *> 0:r=1;',
      '# :> 0:r=0;',
    ]);
  });

  test('a skip and an unknown say why, in the directive', () => {
    expect(written({ a: [skipped] })).toContain('  ok 1 um+7.2 # SKIP Only: mmap_prepare\n');
    expect(written({ a: [unknown] })).toContain('  not ok 1 arm+7.2 # ERROR bound: 5 s\n');
  });

  test('a witness is diagnostics', () => {
    const witness = {
      outcome: '0:r=1;',
      steps: [{ thread: 'P0', line: 3, source: 'r = 1;', changes: ['r: 0 -> 1'] }],
    };
    const [file] = readKtap(written({ a: [result({ witness })] })).tests;
    expect(file?.subtests[0]?.diagnostics).toContain('#   1. P0  line 3: r = 1;');
  });

  test('files and configurations that cannot be run keep the plan whole', () => {
    const report = ktapReport();
    const text =
      report.begin(2) +
      report.fileError('odd#name', 'expected `;`') +
      report.fileBegin('b', 1) +
      report.runError('arm', '7.2', 'no Result line applies') +
      report.fileEnd() +
      report.end();
    const { tests, totals } = readKtap(text);
    expect(tests.map(({ name, ok, directive }) => [name, ok, directive])).toEqual([
      ['odd_name', false, 'ERROR'],
      ['b', false, 'ERROR'],
    ]);
    expect(totals).toContain('pass:0 fail:0 xfail:0 xpass:0 skip:0 error:2');
  });
});
