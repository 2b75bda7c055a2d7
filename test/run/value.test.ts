import { describe, expect, it } from 'vitest';
import { placeRegions } from '../../src/kernel/memmap.js';
import {
  compare,
  DEAD,
  frameValue,
  integer,
  memtype,
  NONE,
  NULL,
  printValue,
  UNDEF,
  type Value,
} from '../../src/run/value.js';

const mem = placeRegions([
  { name: 'pool', kind: 'ram', pages: 4 },
  { name: 'buf', kind: 'reserved', pages: 2 },
  { name: 'bar', kind: 'mmio', pages: 1 },
]);
const pfn = (name: string): number => mem.regions.find((r) => r.name === name)!.pfn;

describe('compare', () => {
  const cases: [Value, '=' | '!=' | '<' | '>=', Value, boolean][] = [
    [integer(1), '=', integer(1n), true],
    [integer(-22), '<', integer(0), true],
    [frameValue(5), '=', integer(5), true],
    [NULL, '=', NULL, true],
    [NULL, '=', integer(0), true],
    [{ kind: 'address', n: 0n }, '=', NULL, true],
    [frameValue(0), '=', NULL, false],
    [memtype('wc'), '=', memtype('wc'), true],
    [memtype('wc'), '=', memtype('wb'), false],
    [memtype('wc'), '!=', NONE, true],
    [memtype('wb'), '=', integer(0), false],
    [NULL, '=', frameValue(0), false],
    [NONE, '=', NONE, true],
    [NONE, '=', NULL, false],
    [NONE, '=', integer(0), false],
    [NONE, '!=', integer(0), true],
    [NONE, '<', integer(1), false],
    [NONE, '>=', integer(0), false],
    [DEAD, '=', NONE, false],
    [UNDEF, '=', UNDEF, true],
  ];
  it.each(cases)('%o %s %o is %s', (a, op, b, truth) => expect(compare(op, a, b)).toBe(truth));
});

describe('printValue', () => {
  it('names frames by region, all of ram alike', () => {
    expect(printValue(frameValue(pfn('pool') + 2), mem).text).toBe('ram');
    expect(printValue(frameValue(pfn('buf') + 1), mem).text).toBe('buf.1');
    expect(printValue(frameValue(pfn('bar')), mem).text).toBe('bar.0');
    expect(printValue(frameValue(mem.zeroPfn), mem).text).toBe('zero');
    expect(printValue(frameValue(0x77777), mem).text).toBe(String(0x77777));
    expect(printValue(frameValue(2n ** 63n), mem).text).toBe(String(2n ** 63n));
  });
  it('names errors in a comment, of integers and of pointers', () => {
    expect(printValue(integer(-22), mem)).toEqual({ text: '-22', comment: '-EINVAL' });
    expect(printValue({ kind: 'address', n: -12n }, mem)).toEqual({ text: '-12', comment: '-ENOMEM' });
    expect(printValue(integer(-5000), mem)).toEqual({ text: '-5000' });
  });
  it('never shows an address', () => {
    expect(printValue({ kind: 'address', n: 0x7f0000001000n }, mem).text).toBe('addr');
    expect(printValue({ kind: 'address', n: 0n }, mem).text).toBe('NULL');
  });
});
