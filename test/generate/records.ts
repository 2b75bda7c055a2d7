/** Arbitrary records for properties. */
import fc from 'fast-check';
import {
  FIELD_NAMES,
  FIELDS,
  OPERATION_NAMES,
  OPERATIONS,
  type TestRecord,
} from '../../src/generate/record.js';
import { isValid } from '../../src/generate/valid.js';

const operation = fc
  .constantFrom(...OPERATION_NAMES)
  .chain((name) => fc.constantFrom<string>(...OPERATIONS[name]).map((arg) => ({ name, arg })));

const fields = fc.record(
  Object.fromEntries(FIELD_NAMES.map((f) => [f, fc.constantFrom<string>(...FIELDS[f])])),
);

/** Any record, also one that makes no sense. */
export const anyRecord = fc
  .tuple(fields, fc.array(operation, { maxLength: 3 }))
  .map(([f, ops]) => ({ ...f, ops }) as unknown as TestRecord);

export const validRecord = anyRecord.filter(isValid);

/** The simplest of all: one page of reserved memory, mapped and left alone. */
export const SIMPLEST: TestRecord = {
  ...(Object.fromEntries(FIELD_NAMES.map((f) => [f, FIELDS[f][0]])) as unknown as TestRecord),
  ops: [],
};
