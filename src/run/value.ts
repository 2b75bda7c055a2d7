/** What an observed thing is worth: values of conditions, how they compare and how they print. */
import { errnoName } from '../kernel/errno.js';
import type { MemoryMap } from '../kernel/memmap.js';
import type { MemoryType } from '../kernel/pte.js';

/** A value. `frame` is a number that prints as a frame's name, `address` one that never shows. */
export type Value =
  | { readonly kind: 'integer' | 'frame' | 'address'; readonly n: bigint }
  | { readonly kind: 'memtype'; readonly name: MemoryType }
  | { readonly kind: 'none' | 'dead' | 'null' | 'undef' };

export const NONE: Value = { kind: 'none' };
export const DEAD: Value = { kind: 'dead' };
export const NULL: Value = { kind: 'null' };
/** Observing it would follow a wild pointer. */
export const UNDEF: Value = { kind: 'undef' };

export function integer(n: number | bigint): Value {
  return { kind: 'integer', n: BigInt(n) };
}

export function frameValue(pfn: number | bigint): Value {
  return { kind: 'frame', n: BigInt(pfn) };
}

export function memtype(name: MemoryType): Value {
  return { kind: 'memtype', name };
}

/** The value that a word of the language stands for. */
export function special(word: 'NULL' | 'none' | 'dead' | MemoryType): Value {
  return word === 'NULL' ? NULL : word === 'none' ? NONE : word === 'dead' ? DEAD : memtype(word);
}

export function bit(b: boolean): Value {
  return { kind: 'integer', n: b ? 1n : 0n };
}

/** The number behind a value; NULL is 0 to pointers and integers alike. */
function number(v: Value): bigint | undefined {
  return 'n' in v ? v.n : v.kind === 'null' ? 0n : undefined;
}

/** `left op right` of a condition. What is not a number equals only its like, and is neither smaller nor larger than anything. */
export function compare(op: '=' | '!=' | '<' | '<=' | '>' | '>=', left: Value, right: Value): boolean {
  const equal = equals(left, right);
  if (op === '=') return equal;
  if (op === '!=') return !equal;
  const a = number(left);
  const b = number(right);
  if (a === undefined || b === undefined) return false;
  return op === '<' ? a < b : op === '<=' ? a <= b : op === '>' ? a > b : a >= b;
}

function equals(left: Value, right: Value): boolean {
  // A frame is a page: NULL means that there is none, although pfn 0 is a number.
  if (left.kind === 'null' && right.kind === 'frame') return false;
  if (right.kind === 'null' && left.kind === 'frame') return false;
  if (left.kind === 'memtype' && right.kind === 'memtype') return left.name === right.name;
  const a = number(left);
  const b = number(right);
  return a !== undefined && b !== undefined ? a === b : left.kind === right.kind;
}

/** How a value prints in an outcome (litmus.md, "Observers"): frames by region, all of `ram` alike; addresses not at all. */
export function printValue(v: Value, mem: MemoryMap): { readonly text: string; readonly comment?: string } {
  switch (v.kind) {
    case 'null':
      return { text: 'NULL' };
    case 'undef':
      return { text: 'undef' };
    case 'none':
    case 'dead':
      return { text: v.kind };
    case 'memtype':
      return { text: v.name };
    case 'frame':
      return { text: printFrame(v.n, mem) };
    case 'address':
      if (v.n === 0n) return { text: 'NULL' };
      return v.n < 0n ? printInteger(v.n) : { text: 'addr' };
    case 'integer':
      return printInteger(v.n);
  }
}

function printInteger(n: bigint): { readonly text: string; readonly comment?: string } {
  const name = n < 0n && n >= -4095n ? errnoName(Number(-n)) : undefined;
  return name === undefined ? { text: String(n) } : { text: String(n), comment: `-${name}` };
}

function printFrame(n: bigint, mem: MemoryMap): string {
  const frame = n >= 0n && n < 1n << 52n ? mem.frame(Number(n)) : -1;
  if (frame < 0) return String(n);
  const region = mem.regionOf[frame]!;
  if (region.kind === 'ram') return 'ram';
  return region.kind === 'zero' ? 'zero' : `${region.name}.${frame - region.index}`;
}

/** `a op b` of a condition. What is not a number stays what it is; with an integer a frame stays a frame, an address an address. */
export function arithmetic(op: '+' | '-' | '*' | '<<' | '>>', a: Value, b: Value): Value {
  if (!('n' in a)) return a;
  if (!('n' in b)) return b;
  return { kind: a.kind === 'integer' ? b.kind : a.kind, n: OPERATORS[op](a.n, b.n) };
}

const OPERATORS: Readonly<Record<'+' | '-' | '*' | '<<' | '>>', (a: bigint, b: bigint) => bigint>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '<<': (a, b) => a << b,
  '>>': (a, b) => a >> b,
};

/** `-x` of a condition. */
export function negated(v: Value): Value {
  return 'n' in v ? { kind: 'integer', n: -v.n } : v;
}
