/** What `verify --format json` and `--html` give, against the published schema. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { INVARIANTS } from '../../src/contract/invariants/list.js';
import { formatVerifyJson, verifyObject } from '../../src/report/verify.js';
import type { VerifyOptions, VerifyResult } from '../../src/verify/index.js';
import { FREES, REMAP, verify, type Driver } from '../verify/support.js';

const schema = JSON.parse(readFileSync('docs/verify.schema.json', 'utf8')) as {
  readonly properties: Readonly<Record<string, { readonly enum?: unknown[] }>>;
  readonly required: readonly string[];
};
const validate = new Ajv2020({
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
}).compile(schema);

function errors(value: unknown): string[] {
  validate(value);
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const SMALL = { pages: 1, processes: 1 } as const;
const NO_MMAP: Driver = {
  driver: 'static const struct file_operations demo_fops = { .owner = THIS_MODULE };',
};

const CASES: readonly (readonly [string, VerifyResult['verdict'], Driver, Partial<VerifyOptions>])[] = [
  ['a violation', 'violated', FREES(''), SMALL],
  ['a violation with a special bit', 'violated', FREES(''), { ...SMALL, arch: 'x86_64' }],
  ['a frame outside of all regions', 'violated', REMAP('vma->vm_end - vma->vm_start'), { processes: 1 }],
  ['what holds', 'holds', REMAP('PAGE_SIZE'), { ...SMALL, only: ['open', 'mmap', 'load'] }],
  [
    'coverage',
    'holds',
    FREES('unmap_mapping_range(file->f_mapping, 0, 0, 0);'),
    { ...SMALL, coverage: true },
  ],
  ['a bound', 'unknown', REMAP('PAGE_SIZE'), { ...SMALL, depth: 1 }],
  ['a driver that nobody can map', 'unknown', NO_MMAP, SMALL],
  ['another architecture', 'n/a', { ...FREES(''), header: ' * Only: x86_64\n' }, SMALL],
];

test.each(CASES)('%s fits the schema, with and without pictures: %s', async (_, verdict, driver, options) => {
  const result = await verify(driver, options);
  expect(result.verdict).toBe(verdict);
  const line = JSON.parse(formatVerifyJson(result, verdict === 'violated' ? 'Always' : undefined)) as object;
  expect(errors(line)).toEqual([]);
  expect(Object.keys(line).filter((field) => !(field in schema.properties))).toEqual([]);
  expect(errors(JSON.parse(JSON.stringify(verifyObject(result, undefined, undefined, true))))).toEqual([]);
});

test('probabilities fit, known and unknown', async () => {
  const chance = { fraction: '1/6', decimal: 1 / 6 };
  const likely = [
    { allocator: 'uniform', frames: 6, atLeast: chance, atMost: chance, states: 3 },
    { allocator: 'last-freed', frames: 6, reason: 'bound: memory', states: 3 },
  ] as const;
  const line = formatVerifyJson(await verify(FREES(''), SMALL), 'Sometimes', likely);
  expect(errors(JSON.parse(line))).toEqual([]);
  expect(line).toContain('"probability":[{"allocator":"uniform"');
});

describe('the schema', () => {
  test('demands what programs rely on', () => {
    const wanted = 'test file arch release verdict invariant rule blame steps states exhaustive excludes';
    expect(schema.required).toEqual(expect.arrayContaining(wanted.split(' ')));
  });

  test('knows every invariant, in their order', () => {
    expect(schema.properties['invariant']!.enum).toEqual([null, ...INVARIANTS.map(({ id }) => id)]);
  });

  test('refuses what does not fit together', async () => {
    const good = JSON.parse(formatVerifyJson(await verify(FREES(''), SMALL))) as object;
    expect(errors(good)).toEqual([]);
    for (const bad of [
      { verdict: 'broken' },
      { invariant: null },
      { rule: 'A-1' },
      { exhaustive: true },
      { steps: [] },
      { states: -1 },
      { verdict: 'holds' },
    ])
      expect(errors({ ...good, ...bad }), JSON.stringify(bad)).not.toEqual([]);
  });
});
