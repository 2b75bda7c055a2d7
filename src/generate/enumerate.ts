/**
 * Every record once, small ones first, in an order that a seed decides: a walk through all records of a class in strides that have no
 * divisor in common with their number.
 */
import {
  ALL_OPERATIONS,
  FIELD_NAMES,
  FIELDS,
  type Field,
  type Operation,
  type TestRecord,
} from './record.js';
import { isValid } from './valid.js';

/**
 * Records of one size. A second process makes interleavings, which cost time, and memory without struct pages not every machine has: both
 * are counted apart.
 */
export interface RecordClass {
  /** Number of operations. */
  readonly size: number;
  readonly rival: boolean;
  readonly mmio: boolean;
  /** Part of all tests that are taken from it. */
  readonly share: number;
}

const PLAIN = { rival: false, mmio: false } as const;

/** In the order in which they are enumerated. */
export const CLASSES: readonly RecordClass[] = [
  { size: 0, ...PLAIN, share: 0.06 },
  { size: 0, ...PLAIN, rival: true, share: 0.02 },
  { size: 0, ...PLAIN, mmio: true, share: 0.02 },
  { size: 1, ...PLAIN, share: 0.2 },
  { size: 1, ...PLAIN, rival: true, share: 0.04 },
  { size: 1, ...PLAIN, mmio: true, share: 0.03 },
  { size: 2, ...PLAIN, share: 0.26 },
  { size: 2, ...PLAIN, rival: true, share: 0.04 },
  { size: 2, ...PLAIN, mmio: true, share: 0.05 },
  { size: 3, ...PLAIN, share: 0.28 },
];

function valuesOf(field: Field, { rival, mmio }: RecordClass): readonly string[] {
  switch (field) {
    case 'rival':
      return rival ? FIELDS.rival.slice(1) : ['none'];
    case 'kind':
      return mmio ? ['mmio'] : FIELDS.kind.filter((kind) => kind !== 'mmio');
    default:
      return FIELDS[field];
  }
}

/** Number of records of a class, those that make no sense included. */
export function spaceOf(of: RecordClass): number {
  return FIELD_NAMES.reduce((n, f) => n * valuesOf(f, of).length, ALL_OPERATIONS.length ** of.size);
}

/** Record number `n` of a class; undefined if it makes no sense. */
export function recordAt(of: RecordClass, n: number): TestRecord | undefined {
  let left = n;
  const take = <T>(values: readonly T[]): T => {
    const value = values[left % values.length]!;
    left = Math.floor(left / values.length);
    return value;
  };
  const ops: Operation[] = Array.from({ length: of.size }, () => take(ALL_OPERATIONS));
  const fields = FIELD_NAMES.map((f) => [f, take(valuesOf(f, of))] as const);
  const record = { ...Object.fromEntries(fields), ops } as unknown as TestRecord;
  return isValid(record) ? record : undefined;
}

/** The valid records of a class, in the order of a seed. */
export function* recordsOf(of: RecordClass, seed: number): Generator<TestRecord> {
  const space = spaceOf(of);
  const { first, stride } = walk(space, seed);
  for (let i = 0, at = first; i < space; i++, at = (at + stride) % space) {
    const record = recordAt(of, at);
    if (record !== undefined) yield record;
  }
}

/** How many of `count` tests each class gives; what is lost by rounding comes from the last. */
export function quotas(count: number): number[] {
  const all = CLASSES.map(({ share }) => Math.floor(share * count));
  const rest = count - all.reduce((a, b) => a + b, 0);
  return all.map((n, i) => (i === all.length - 1 ? n + rest : n));
}

/** A place to begin at and a stride near the golden section, so that neighbours differ in much. */
function walk(space: number, seed: number): { first: number; stride: number } {
  let stride = Math.floor(space * (0.55 + 0.15 * scrambled(seed))) || 1;
  while (gcd(stride, space) !== 1) stride++;
  return { first: Math.floor(space * scrambled(seed + 1)) % space, stride };
}

function gcd(a: number, b: number): number {
  return b === 0 ? a : gcd(b, a % b);
}

/** A number from 0 to 1 that looks random: the finalizer of MurmurHash3. */
function scrambled(seed: number): number {
  let h = (seed + 0x9e3779b9) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 2 ** 32;
}
