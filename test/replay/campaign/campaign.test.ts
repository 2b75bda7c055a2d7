import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { hasOperation, type TestRecord } from '../../../src/generate/record.js';
import { litmusText } from '../../../src/generate/text.js';
import { campaign, type CampaignOptions } from '../../../src/replay/campaign/index.js';
import { comparedText, minimisedTest, minimisedText } from '../../../src/replay/campaign/report.js';
import { observables } from '../../../src/litmus/observables.js';
import { runTest } from '../../../src/run/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';
import { fakeMachine } from './fake.js';

let directory = '';
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const parse = (text: string, file: string) => parseLitmus({ file, text }, grammar);

/** Every register is "none": no test of the model ends like that, so all disagree. */
function nothing(record: TestRecord): string[] {
  const { condition } = parse(litmusText(record, { name: 'g' }), 'g.litmus');
  return [
    observables([condition!.prop])
      .map(({ register }) => `${register}=none;`)
      .join(''),
  ];
}

const SILENT: string[] = [];

function options(
  machine: ReturnType<typeof fakeMachine>,
  more: Partial<CampaignOptions> = {},
): CampaignOptions {
  if (directory === '') directory = mkdtempSync(join(tmpdir(), 'pfnmap-campaign-'));
  const templates = new Proxy<Record<string, string>>({}, { get: () => '' });
  return {
    ...{ seed: 1, count: 6, machines: [machine], templates, directory, version: 'v' },
    ...{ parse, signal: new AbortController().signal, ...more },
  };
}

test('a campaign that is stopped goes on where it was', async () => {
  const stop = new AbortController();
  let asked = 0;
  const stopping = fakeMachine(() => {
    if (++asked === 3) stop.abort();
    return SILENT;
  });
  const first = await campaign(options(stopping, { signal: stop.signal }));
  expect(first.interrupted).toBe(true);
  const machine = fakeMachine(() => SILENT);
  const second = await campaign(options(machine));
  expect(second.interrupted).toBe(false);
  expect(second.compared.get('um-7.2')).toHaveLength(6);
  const ran = machine.boots.flat().map((r) => JSON.stringify(r));
  const before = stopping.boots.flat().map((r) => JSON.stringify(r));
  expect(before.filter((r) => ran.includes(r))).toEqual([]);
  const third = fakeMachine(() => SILENT);
  await campaign(options(third));
  expect(third.boots).toEqual([]);
}, 60_000);

test('a test at which the machine dies twice differs, the rest goes on', async () => {
  directory = '';
  let first: string | undefined;
  const machine = fakeMachine(
    () => SILENT,
    (r) => JSON.stringify(r) === (first ??= JSON.stringify(r)),
  );
  const { compared } = await campaign(options(machine));
  expect(machine.boots.slice(0, 2).map((b) => b.length)).toEqual([1, 1]);
  expect(machine.boots[1]).toEqual(machine.boots[0]);
  const statuses = compared.get('um-7.2')!.map((c) => c.comparison.status);
  expect(statuses.filter((s) => s === 'differs')).toHaveLength(1);
}, 60_000);

test('what differs only once does not count, but is told', async () => {
  directory = '';
  const seen = new Set<string>();
  const machine = fakeMachine((r) => {
    const again = seen.has(JSON.stringify(r));
    seen.add(JSON.stringify(r));
    return again ? SILENT : nothing(r);
  });
  const result = await campaign(options(machine));
  const { length } = result.once.get('um-7.2')!;
  expect(length).toBeGreaterThan(0);
  // each on a machine of its own
  expect(machine.boots.slice(-length).map((b) => b.length)).toEqual(Array(length).fill(1));
  expect(result.compared.get('um-7.2')!.filter((c) => c.comparison.status === 'differs')).toEqual([]);
  expect(result.minimised).toEqual([]);
  expect(comparedText(result)).toContain('differed once, and not on a fresh machine: ');
}, 60_000);

test('disagreements are minimised and become tests that ask for them', async () => {
  directory = '';
  const machine = fakeMachine((r) =>
    hasOperation(r, 'store') || hasOperation(r, 'load') ? nothing(r) : SILENT,
  );
  const result = await campaign(options(machine, { count: 16 }));
  expect(result.minimised.length).toBeGreaterThan(0);
  for (const one of result.minimised) {
    const { record } = one.smallest.test;
    expect(record.ops.map(({ name }) => name)).toEqual([expect.stringMatching(/load|store/)]);
    const written = parse(minimisedTest(one, 'found'), 'found.litmus');
    const model = await runTest(written, { arch: 'um', release: '7.2' });
    expect(model.observation).toBe('Never');
  }
  expect(result.once.get('um-7.2')).toEqual([]);
  expect(comparedText(result)).toMatch(/^16 tests of \d+ records;.*\num-7.2: \d+ agree, \d+ differ/);
  expect(minimisedText(result)).toContain('In their smallest form');
}, 120_000);
