import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeRecord, hasOperation, type TestRecord } from '../../src/generate/record.js';
import { minimise, simpler, together } from '../../src/generate/simplify.js';
import { isValid } from '../../src/generate/valid.js';
import { SIMPLEST, validRecord } from './records.js';

const BIG: TestRecord = {
  ...SIMPLEST,
  ...{ kind: 'mmio', pages: 'two', share: 'shared', prot: 'write', flags: 'io_pfnmap', extra: 'pfn_mkwrite' },
  ops: [
    { name: 'store', arg: 'second' },
    { name: 'mprotect', arg: 'none' },
    { name: 'munmap', arg: 'all' },
  ],
};

function minimal(record: TestRecord, shows: (r: TestRecord) => boolean): Promise<TestRecord> {
  return minimise(record, (records) => Promise.resolve(records.map(shows)));
}

test('steps are valid and simpler in one thing', () => {
  fc.assert(
    fc.property(validRecord, (record) => {
      for (const step of simpler(record)) {
        expect(isValid(step)).toBe(true);
        expect(step.ops.length).toBeLessThanOrEqual(record.ops.length);
        expect(encodeRecord(step)).not.toEqual(encodeRecord(record));
      }
    }),
  );
});

test('all goes that does not matter', async () => {
  expect(await minimal(BIG, () => true)).toEqual(SIMPLEST);
  const stores = await minimal(BIG, (r) => hasOperation(r, 'store') && r.share === 'shared');
  expect(stores).toEqual({ ...SIMPLEST, share: 'shared', ops: [{ name: 'store', arg: 'first' }] });
});

test('what is left shows it, and no step from it does', async () => {
  await fc.assert(
    fc.asyncProperty(validRecord, fc.integer({ min: 1, max: 50 }), async (record, salt) => {
      const sum = (r: TestRecord): number => encodeRecord(r).reduce((a, b, i) => a + b * (i + salt), 0) % 3;
      const shows = (r: TestRecord): boolean => sum(r) === sum(record);
      const small = await minimal(record, shows);
      expect(shows(small)).toBe(true);
      expect(simpler(small).filter(shows)).toEqual([]);
    }),
  );
});

test('steps are taken together if they can be', () => {
  const steps = simpler(BIG).filter((s) => s.kind === 'reserved' || s.ops.length === 2);
  const all = together(BIG, steps)!;
  expect(all.kind).toBe('reserved');
  expect(all.ops).toEqual([]);
});
