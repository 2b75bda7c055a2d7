import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { encodeRecord, FIELD_NAMES, OPERATION_NAMES } from '../../../src/generate/record.js';
import { interpreterSources, recordHeader } from '../../../src/replay/campaign/sources.js';
import { SIMPLEST } from '../../generate/records.js';

const MACHINE = 'src/replay/machine';
const templates = Object.fromEntries(
  readdirSync(MACHINE).map((name) => [name, readFileSync(`${MACHINE}/${name}`, 'utf8')]),
);

/** Numbers of the enumerators of the header. */
function numbers(): Map<string, number> {
  const lists = [...recordHeader().matchAll(/enum \{ (.*) \};/g)].map((m) => m[1]!.split(', '));
  return new Map(lists.flatMap((list) => list.map((name, i) => [name, i] as const)));
}

test('the header numbers things as records do', () => {
  const n = numbers();
  const data = encodeRecord({
    ...SIMPLEST,
    flags: 'io',
    rival: 'free',
    ops: [{ name: 'madvise', arg: 'dofork' }],
  });
  expect(data[n.get('LIT_F_FLAGS')!]).toBe(n.get('LIT_FLAGS_IO'));
  expect(data[n.get('LIT_F_RIVAL')!]).toBe(n.get('LIT_RIVAL_FREE'));
  expect(data[n.get('LIT_F_COUNT')!]).toBe(1);
  expect(data[n.get('LIT_F_OPS')!]).toBe(n.get('LIT_OP_MADVISE'));
  expect(data[n.get('LIT_F_OPS')! + 1]).toBe(n.get('LIT_MADVISE_DOFORK'));
});

test('no two enumerators have one name, and the interpreters know no others', () => {
  const names = [...recordHeader().matchAll(/\bLIT_[A-Z_]+\b(?=[,} ])/g)].map((m) => m[0]);
  expect(new Set(names).size).toBe(names.length);
  const n = numbers();
  const used = [
    ...`${templates['lit_record.c']}${templates['lit_play.c']}`.matchAll(/LIT_IS\((\w+), (\w+)\)/g),
  ];
  expect(used.length).toBeGreaterThan(10);
  for (const [, field, value] of used) expect(n.has(`LIT_${field}_${value}`)).toBe(true);
});

test('the interpreters know every operation', () => {
  for (const name of OPERATION_NAMES.filter((op) => op !== 'exit'))
    expect(templates['lit_play.c']).toContain(`case LIT_OP_${name.toUpperCase()}:`);
  expect(FIELD_NAMES.length).toBe(11);
});

test('module and program are complete', () => {
  const { module, program } = interpreterSources(templates);
  expect(Object.values({ ...module, ...program }).every((text) => text.length > 0)).toBe(true);
  expect(Object.keys(program)).toContain('lit_play.c');
  expect(Object.keys(module)).toContain('lit_record.c');
});
