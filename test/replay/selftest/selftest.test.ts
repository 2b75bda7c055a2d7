import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseCases, skipReason } from '../../../src/replay/selftest/ktap.js';
import { compareSelftest, selftestCases } from '../../../src/replay/selftest/compare.js';
import { parseSelftest, SelftestReader, type SelftestRuns } from '../../../src/replay/selftest/console.js';
import { readSelftests } from '../../../src/replay/selftest/record.js';
import { formatComparisons, formatFidelity, summaryLine } from '../../../src/replay/compare/formats.js';
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

const litmus = readdirSync('litmus/selftests').map((name) => {
  const file = `litmus/selftests/${name}`;
  return parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
});
const cases = selftestCases(litmus);

describe('the selftest and the model', () => {
  const PLACE = { kernel: 'arm64-7.2', version: '7.2.13' };

  async function compared(runs: SelftestRuns | string) {
    const models = new Map(
      await Promise.all(
        cases.map(async ({ test: t }) => [t, await runTest(t, { arch: 'arm64', release: '7.2' })] as const),
      ),
    );
    return compareSelftest(cases, runs, (t) => models.get(t)!, PLACE);
  }

  test('differ where a case fails, or is not reached', async () => {
    const results = Object.fromEntries(cases.map(({ name }) => [name, 'ok' as const]));
    const { fork: _, ...others } = results;
    const all = await compared({ mmio: { results: { ...others, munmap_split: 'not ok' } } });
    const statuses = Object.fromEntries(all.map((c) => [c.test, c.status]));
    expect(statuses).toMatchObject({
      'selftest:fork:mmio': 'differs',
      'selftest:munmap_split:mmio': 'differs',
      'selftest:mremap_fixed:mmio': 'agreed',
    });
    expect(formatComparisons(all, 'ktap')).toContain('# only on the machine: verdict=not ok;');
    expect(summaryLine(all)).toContain('selftest on mmio: 4 of 6 cases agree');
  });

  test('a selftest that was skipped says why', async () => {
    const all = await compared('not built');
    expect(all.map((c) => c.status)).toEqual(cases.map(() => 'not run'));
    expect(formatFidelity(all)).toContain('| arm64-7.2 | skipped (not built) |');
  });

  test('a private mapping is no case of it', () => {
    expect(cases.length).toBe(6);
    expect(litmus.length).toBeGreaterThan(cases.length);
  });
});

test('the selftest is taken out of a console', () => {
  const reader = new SelftestReader();
  for (const line of ['LIT end', 'selftest: start', ...CONSOLE]) reader.line(line);
  expect({ begun: reader.begun, over: reader.over, lines: reader.lines }).toEqual({
    ...{ begun: true, over: false },
    lines: CONSOLE,
  });
  for (const line of ['selftest: done', 'LIT start 9']) reader.line(line);
  expect({ over: reader.over, lines: reader.lines }).toEqual({ over: true, lines: CONSOLE });
});

const recorded = readSelftests('test/replay/recorded/selftest.json');

describe('what the selftest said on real kernels', () => {
  test('is known of all kernels, each with results for some memory', () => {
    const kernels = readdirSync('test/replay/recorded')
      .filter((name) => name.endsWith('.jsonl'))
      .map((name) => name.replace('.jsonl', ''));
    expect(Object.keys(recorded).toSorted()).toEqual(kernels.toSorted());
    for (const [id, { runs }] of Object.entries(recorded)) {
      const some = Object.values(runs).some(({ results }) => Object.keys(results).length > 0);
      expect({ id, some }).toEqual({ id, some: true });
    }
  });

  test('is about the cases that the model has, and no others', () => {
    const names = cases.map(({ name }) => name).toSorted();
    for (const { runs } of Object.values(recorded)) {
      for (const { results, skipped } of Object.values(runs)) {
        expect(Object.keys(results).toSorted()).toEqual(skipped === undefined ? names : []);
      }
    }
  });

  test.each(cases)('agrees with the model about $name', async ({ name, test: parsed }) => {
    for (const { arch, release, runs } of Object.values(recorded)) {
      const { ok } = await runTest(parsed, { arch, release });
      for (const { results } of Object.values(runs).filter(({ skipped }) => skipped === undefined)) {
        expect({ arch, release, case: results[name] }).toEqual({ arch, release, case: ok ? 'ok' : 'not ok' });
      }
    }
  });
});
