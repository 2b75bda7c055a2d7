import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCases, skipReason } from '../../../src/replay/selftest/ktap.js';
import { RECORDED, type SelftestRecord } from '../../../src/replay/selftest/main.js';
import { parseSelftest } from '../../../src/replay/selftest/run.js';
import { parseLitmus, runTest } from '../../../src/index.js';
import { grammar } from '../../litmus/grammar.js';

const CONSOLE = `x
selftest: begin ram
TAP version 13
1..0 # SKIP Cannot mmap '/dev/mem': Operation not permitted
selftest: end ram 1024
selftest: begin mmio
TAP version 13
1..3
# Starting 3 tests from 1 test cases.
#  RUN           pfnmap.munmap_split ...
#            OK  pfnmap.munmap_split
ok 1 pfnmap.munmap_split
not ok 2 pfnmap.fork
ok 3 pfnmap.other # SKIP no such thing
# Totals: pass:1 fail:1 xfail:0 xpass:0 skip:1 error:0
selftest: end mmio 256`.split('\n');

describe("the kernel's selftest", () => {
  test('is read from the console, by kind of memory', () => {
    expect(parseSelftest(CONSOLE)).toEqual({
      ram: { results: {}, skipped: "Cannot mmap '/dev/mem': Operation not permitted" },
      mmio: { results: { munmap_split: 'ok', fork: 'not ok', other: 'skip' } },
    });
  });

  test('is read as far as it got', () => {
    expect(parseSelftest(CONSOLE.slice(5, 12))).toEqual({ mmio: { results: { munmap_split: 'ok' } } });
    expect(parseSelftest([])).toEqual({});
  });

  test('has verdicts that other lines do not look like', () => {
    expect(parseCases(['okay 1 pfnmap.x', '# ok 1 pfnmap.x', 'ok pfnmap.x'])).toEqual({});
    expect(skipReason(['1..0', '1..6'])).toBeUndefined();
  });
});

const recorded = JSON.parse(readFileSync(RECORDED, 'utf8')) as Record<string, SelftestRecord>;

/** `pfnmap-mremap-fixed-private.litmus` is a case of the selftest in a private mapping: no machine runs that. */
const cases = readdirSync('litmus/selftests')
  .filter((file) => !file.endsWith('-private.litmus'))
  .map((file) => ({ file, name: file.replace(/^pfnmap-(.*)\.litmus$/, '$1').replaceAll('-', '_') }));

describe('what the selftest said on real kernels', () => {
  test('is known of several, each with results for some memory', () => {
    const kernels = Object.entries(recorded);
    expect(kernels.length).toBeGreaterThanOrEqual(7);
    for (const [id, { runs }] of kernels.filter(([id]) => !id.startsWith('um-'))) {
      expect([id, Object.values(runs).some(({ results }) => Object.keys(results).length > 0)]).toEqual([
        id,
        true,
      ]);
    }
  });

  test('is about the cases that the model has, and no others', () => {
    const names = cases.map(({ name }) => name).sort();
    for (const { runs } of Object.values(recorded)) {
      for (const { results, skipped } of Object.values(runs)) {
        expect(Object.keys(results).sort()).toEqual(skipped === undefined ? names : []);
      }
    }
  });

  test.each(cases)('agrees with the model about $name', async ({ file, name }) => {
    const path = `litmus/selftests/${file}`;
    const parsed = parseLitmus({ file: path, text: readFileSync(path, 'utf8') }, grammar);
    for (const { arch, release, runs } of Object.values(recorded)) {
      const { ok } = await runTest(parsed, { arch, release });
      for (const { results } of Object.values(runs).filter(({ skipped }) => skipped === undefined)) {
        expect({ arch, release, case: results[name] }).toEqual({ arch, release, case: ok ? 'ok' : 'not ok' });
      }
    }
  });
});
