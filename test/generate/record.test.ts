import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  DATA_LENGTH,
  decodeRecord,
  describeRecord,
  encodeRecord,
  parseRecord,
  RecordError,
} from '../../src/generate/record.js';
import { anyRecord, SIMPLEST } from './records.js';

test('a record and its line of data are the same thing', () => {
  fc.assert(
    fc.property(anyRecord, (record) => {
      const data = encodeRecord(record);
      expect(data).toHaveLength(DATA_LENGTH);
      expect(decodeRecord(data)).toEqual(record);
      expect(parseRecord(data.join(' '))).toEqual(record);
    }),
  );
});

test('the simplest record is all zeros', () => {
  expect(encodeRecord(SIMPLEST)).toEqual(Array.from({ length: DATA_LENGTH }, () => 0));
  expect(describeRecord(SIMPLEST)).toMatch(/^kind=reserved pages=one .*: nothing more$/);
});

test('whatever is read, it is a record that writes itself the same, or a RecordError', () => {
  const number = fc.oneof(fc.integer({ min: 0, max: 8 }).map(String), fc.string({ maxLength: 4 }));
  const line = fc.oneof(
    fc.string(),
    fc.array(number, { minLength: DATA_LENGTH - 1, maxLength: DATA_LENGTH + 1 }).map((w) => w.join(' ')),
  );
  fc.assert(
    fc.property(line, (text) => {
      try {
        const record = parseRecord(text);
        expect(parseRecord(encodeRecord(record).join(','))).toEqual(record);
      } catch (error) {
        expect(error).toBeInstanceOf(RecordError);
      }
    }),
    { numRuns: 2000 },
  );
});

const zeros = (at: number, n: number): string =>
  Array.from({ length: DATA_LENGTH }, (_, i) => (i === at ? n : 0)).join(' ');

test.each([
  ['1 2', '2 numbers; a record has 18'],
  [zeros(0, 3), 'number 1: 3 is no kind; expected 0 to 2'],
  [zeros(11, 4), 'number 12: 4 operations; expected 0 to 3'],
  [zeros(17, 1), 'number 18: 1 behind the last operation; expected 0'],
  [zeros(0, 0).replace('0', 'x'), "number 1: 'x' is no number"],
  [zeros(11, 1).replace(/0 0$/, '0 0').replace('1 0 0', '1 0 9'), 'number 14: 9 is no load; expected 0 to 1'],
])('%s: %s', (line, message) => {
  expect(() => parseRecord(line)).toThrow(new RecordError(message));
});
