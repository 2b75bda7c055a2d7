import { expect, test } from 'vitest';
import { formatComparisons, formatFidelity, tallies } from '../../../src/replay/compare/formats.js';
import { compareRun, type MachineOutcomes } from '../../../src/replay/compare/verdict.js';
import type { RunResult } from '../../../src/run/result.js';
import { readKtap } from '../../report/ktap-reader.js';

const outcome = (text: string, positive: boolean, values: Record<string, string> = {}) => ({
  text,
  positive,
  values,
});

function model(...outcomes: RunResult['outcomes']): RunResult {
  return { status: 'ran', arch: 'arm', release: '7.2', outcomes } as unknown as RunResult;
}

function machine(more: Partial<MachineOutcomes>): MachineOutcomes {
  const base = { test: 't', hash: 'h', runs: 8, complete: true, concurrent: false, outcomes: [] };
  return { ...base, ...more };
}

const PLACE = { kernel: 'armmp-7.2', version: '7.2.13', file: 't.litmus' };
const A = outcome('0:r=1;', true);
const B = outcome('0:r=2;', false);
const seen = (o: typeof A, count = 1) => ({ text: o.text, positive: o.positive, count });
const compared = (m: RunResult, n: MachineOutcomes) => compareRun(m, n, PLACE, []);

test('the machine shows all that the model has', () => {
  const c = compared(model(A, B), machine({ outcomes: [seen(A, 3), seen(B, 5)] }));
  expect(c).toMatchObject({ status: 'agreed', kernel: 'armmp-7.2', arch: 'arm' });
  expect(c.outcomes.map((o) => o.machine)).toEqual([3, 5]);
  expect(c.unsteerable).toBeUndefined();
});

test('an outcome that the model does not have is a difference', () => {
  expect(compared(model(A), machine({ outcomes: [seen(A), seen(B)] })).status).toBe('differs');
});

test('... but nothing is said of it where the model has hit a bound', () => {
  const unknown = { ...model(A), observation: 'Unknown' } as RunResult;
  expect(compared(unknown, machine({ outcomes: [seen(A), seen(B)] }))).toMatchObject({
    status: 'not run',
    reason: 'the model does not know all outcomes',
  });
  expect(compared(unknown, machine({ outcomes: [seen(A)] })).status).toBe('agreed');
});

test('so is one whose condition comes out otherwise', () => {
  const c = compared(model(A), machine({ outcomes: [{ ...seen(A), positive: false }] }));
  expect(c.status).toBe('differs');
});

test('a listed difference is explained, on its kernels only', () => {
  const known = [{ test: 't', kernels: ['armmp-7.2'], explanation: 'why', source: 'mm/memory.c:f' }];
  const n = machine({ outcomes: [seen(B)] });
  expect(compareRun(model(A), n, PLACE, known)).toMatchObject({ status: 'explained', explanation: known[0] });
  expect(compareRun(model(A), n, { ...PLACE, kernel: 'um-7.2' }, known).status).toBe('differs');
});

test.each([
  ['limit', { complete: false }],
  ['choice', { complete: true }],
  ['schedule', { complete: true, concurrent: true }],
] as const)('what is not shown has a reason: %s', (reason, more) => {
  const c = compared(model(A, B), machine({ outcomes: [seen(A)], ...more }));
  expect(c).toMatchObject({ status: 'agreed', unsteerable: reason });
});

test('a machine that dies at the BUG of the model agrees, at another one not', () => {
  const bug = {
    ...outcome('bug.vm_insert_page=1;', true, { 'bug.vm_insert_page': '1' }),
    bug: 'vm_insert_page',
  };
  const at = (api: string) => machine({ bug: { api, at: 'mm/memory.c:1' } });
  expect(compared(model(bug), at('vm_insert_page')).status).toBe('agreed');
  expect(compared(model(bug), at('mmap'))).toMatchObject({
    status: 'differs',
    reason: 'BUG in mmap at mm/memory.c:1',
  });
});

test('trouble is a difference, a test that was not run is none', () => {
  expect(compared(model(A), machine({ outcomes: [seen(A)], trouble: 'timeout' })).status).toBe('differs');
  expect(compared(model(A), machine({ skipped: 'no mmio' }))).toMatchObject({
    status: 'not run',
    reason: 'no mmio',
  });
});

const ALL = [
  compared(model(A, B), machine({ outcomes: [seen(A, 2)] })),
  compared(model(A), machine({ test: 'u', outcomes: [seen(A), seen(B)] })),
  compared(model(A), machine({ test: 'v', skipped: 'no mmio' })),
];

test('the histogram marks what only one side has', () => {
  const text = formatComparisons(ALL, 'histogram');
  expect(text).toContain(
    'Test t armmp-7.2 (7.2.13)\nHistogram (1 states)\n 2      *>0:r=1;\n-0      :>0:r=2;\nOk\n',
  );
  expect(text).toContain('!1      :>0:r=2;\nNo\n');
  expect(text).toContain('Observation t Always 2 0');
  expect(text).toContain('Not run: no mmio');
});

test('KTAP can be read', () => {
  const { tests } = readKtap(formatComparisons(ALL, 'ktap'));
  expect(tests.map((r) => [r.ok, r.directive])).toEqual([
    [true, undefined],
    [false, undefined],
    [true, 'SKIP'],
  ]);
});

test('JSON is an object a line', () => {
  const lines = formatComparisons(ALL, 'json').trimEnd().split('\n');
  expect(lines.map((l) => (JSON.parse(l) as { status: string }).status)).toEqual([
    'agreed',
    'differs',
    'not run',
  ]);
});

test('the tally counts outcomes of the model that were shown', () => {
  const [t] = tallies(ALL);
  expect(t).toMatchObject({ agreed: 1, differs: 1, explained: 0, outcomes: 3, shown: 2 });
  expect(formatFidelity(ALL)).toContain(
    '| armmp-7.2 | 7.2.13 | arm, 7.2 | 2 | 1 | 0 | 1 | 1 no mmio | 2 of 3 (1 choice) |',
  );
});
