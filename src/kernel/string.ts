/** memcpy() and memset() (`lib/string.c`), and numbers that lie across several scalars. */
import type { Bytes } from './bytes.js';
import { handleIndex, handleKind, HandleKind } from './handle.js';
import type { Kernel } from './kernel.js';
import { vmallocFrame } from './mm/vmalloc.js';
import { NO_BYTES, PADDING, Scalar } from './object-shape.js';
import { objectAt } from './objects.js';
import { PageBytes } from './page-bytes.js';
import { Undefined, UnknownError } from './routine.js';
import { isFreed } from './slab.js';

/** Numbers by their width in bytes, the widest first. */
const NUMBERS: readonly (readonly [kind: number, bytes: number])[] = [
  [Scalar.Int64, 8],
  [Scalar.Int32, 4],
  [Scalar.Int16, 2],
  [Scalar.Int8, 1],
];

const WITHOUT_BYTES = Scalar.Pointer | Scalar.Opaque;

/** What lies behind a kernel pointer, at least so many bytes; undefined after the run was frozen. */
export function bytesAt(k: Kernel, h: number, bytes: number): Bytes | undefined {
  const memory = memoryAt(k, h);
  if (memory?.holds(bytes) === true) return memory;
  const freed = h > 0 && handleKind(h) === HandleKind.Data && isFreed(k, handleIndex(h));
  k.undefinedBehaviour(freed ? Undefined.UseAfterFree : Undefined.BadPointer);
  return undefined;
}

function memoryAt(k: Kernel, h: number): Bytes | undefined {
  const index = handleIndex(h);
  switch (h > 0 ? handleKind(h) : 0) {
    case HandleKind.Data:
      return objectAt(k, index, 0);
    case HandleKind.Kaddr:
      return new PageBytes(k, index & 4095, (n) => {
        if (n !== 0) k.exchange?.steps(index >> 12, (index >> 12) + n);
        return (index >> 12) + n;
      });
    case HandleKind.Vmalloc:
      return new PageBytes(k, 0, (n) => vmallocFrame(k, h, n));
    default:
      return undefined;
  }
}

/** A number whose bytes belong to other scalars: the low word, the high one in k.hi. */
export function loadBytes(k: Kernel, from: Bytes, bytes: number): number {
  let [lo, hi] = [0, 0];
  for (let i = 0; i < bytes; i++) {
    const byte = readByte(from, i);
    if (i < 4) lo |= byte << (8 * i);
    else hi |= byte << (8 * (i - 4));
  }
  k.hi = hi;
  return lo;
}

/** Stores a number whose bytes belong to other scalars. */
export function storeBytes(to: Bytes, bytes: number, lo: number, hi: number): void {
  for (let i = 0; i < bytes; i++) writeByte(to, i, ((i < 4 ? lo : hi) >>> (8 * (i & 3))) & 0xff);
}

function readByte(from: Bytes, i: number): number {
  const byte = from.get(i);
  if (byte === NO_BYTES) throw withoutBytes();
  if (byte !== PADDING) return byte;
  if (from.padding === undefined)
    throw new UnknownError('a read at an offset of a page where the test has no cell');
  return from.padding;
}

function writeByte(to: Bytes, i: number, value: number): void {
  if (to.get(i) === NO_BYTES) throw withoutBytes();
  to.set(i, value);
}

function withoutBytes(): UnknownError {
  return new UnknownError('bytes of a kernel pointer, a lock or a counter are not modelled');
}

/** The number of these kinds that fits into so many bytes: its width, or 0. */
function widthOf(kinds: number, left: number): number {
  return NUMBERS.find(([kind, bytes]) => (kinds & kind) !== 0 && bytes <= left)?.[1] ?? 0;
}

/** memcpy(): what lies at both ends alike is copied as it is, the rest byte by byte. Ends that overlap give what C leaves open. */
export function memcpy(k: Kernel, toHandle: number, fromHandle: number, bytes: number): void {
  if (bytes === 0) return;
  const to = bytesAt(k, toHandle, bytes);
  const from = to && bytesAt(k, fromHandle, bytes);
  if (!to || !from) return;
  for (let i = 0; i < bytes;) i += copyNext(k, to, from, i, bytes - i);
}

/** Copies what begins at byte `i`. @returns its size in bytes */
function copyNext(k: Kernel, to: Bytes, from: Bytes, i: number, left: number): number {
  const gap = to.gap(i);
  if (gap > 0) return gap;
  const kinds = to.kinds(i) & from.kinds(i);
  const width = widthOf(kinds, left);
  if (width > 0) {
    to.put(i, k.w[from.wordAt(i)]!);
    if (width === 8) k.w[to.wordAt(i) + 1] = k.w[from.wordAt(i) + 1]!;
    return width;
  }
  if ((kinds & WITHOUT_BYTES) === 0) {
    writeByte(to, i, readByte(from, i));
    return 1;
  }
  const extent = to.extent(i);
  if (extent > left || from.extent(i) !== extent) throw withoutBytes();
  k.w[to.wordAt(i)] = k.w[from.wordAt(i)]!;
  return extent;
}

/** memset(). Pointers, locks and counters can be cleared, nothing else. */
export function memset(k: Kernel, h: number, value: number, bytes: number): void {
  if (bytes === 0) return;
  const to = bytesAt(k, h, bytes);
  if (!to) return;
  const word = (value & 0xff) * 0x01010101;
  for (let i = 0; i < bytes;) i += fillNext(k, to, word, i, bytes - i);
}

function fillNext(k: Kernel, to: Bytes, word: number, i: number, left: number): number {
  const gap = to.gap(i);
  if (gap > 0) return gap;
  const kinds = to.kinds(i);
  const width = widthOf(kinds, left);
  if (width > 0) {
    to.put(i, word);
    if (width === 8) k.w[to.wordAt(i) + 1] = word;
    return width;
  }
  if ((kinds & WITHOUT_BYTES) === 0) {
    writeByte(to, i, word & 0xff);
    return 1;
  }
  if (word !== 0 || to.extent(i) > left) throw withoutBytes();
  k.w[to.wordAt(i)] = 0;
  return to.extent(i);
}
