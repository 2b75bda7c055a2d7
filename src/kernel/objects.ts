/** Reaching into objects of drivers behind pointers, whatever the pointer's type says. */
import type { Bytes } from './bytes.js';
import { HandleKind, handleIndex, handleKind } from './handle.js';
import { HEAD, THREAD } from './layout.js';
import type { Kernel } from './kernel.js';
import { NO_BYTES, PADDING, Scalar, SIGNED, type ObjectShape, type PlacedObject } from './object-shape.js';
import { Undefined, UnknownError } from './routine.js';
import { blockOf, blockType, blockWords, isFreed } from './slab.js';

/** What {@link locate} found. One for all runs: it is read at once. */
const found = {
  /** First word of the object. */
  start: 0,
  shape: undefined as ObjectShape | undefined,
  /** How many objects of this shape lie one behind the other. */
  count: 1,
};

/** Finds the object that a word belongs to. @returns whether there is one: it is then in `found` */
function locate(k: Kernel, at: number): boolean {
  const { globals, imapLocks, threads, heap } = k.layout;
  if (at < globals) return false;
  if (at < imapLocks) return isPlaced(k.program.objects?.globals, HEAD.WORDS, at);
  if (at < threads) return false;
  return at < heap ? locateLocal(k, at) : locateInHeap(k, at);
}

function isPlaced(objects: readonly PlacedObject[] | undefined, base: number, at: number): boolean {
  if (objects === undefined) return false;
  for (const o of objects) {
    const start = base + o.at;
    if (at < start || at >= start + o.shape.words) continue;
    found.start = start;
    found.shape = o.shape;
    found.count = 1;
    return true;
  }
  return false;
}

/** A local of a function that is running, in a frame of the thread that the word belongs to. */
function locateLocal(k: Kernel, at: number): boolean {
  const { threads, threadWords } = k.layout;
  const t = at - ((at - threads) % threadWords);
  const fp = k.w[t + THREAD.FP]!;
  for (let f = t + THREAD.STACK; f <= fp && f < at;) {
    const r = k.routineAt(f);
    if (at <= f + r.words) return isPlaced(r.locals, f, at);
    f += 1 + r.words;
  }
  return false;
}

function locateInHeap(k: Kernel, at: number): boolean {
  const block = blockOf(k, at);
  if (block < 0) return false;
  const shape = k.program.objects?.types[blockType(k, block)];
  if (shape === undefined) return false;
  found.start = block + 1;
  found.shape = shape;
  found.count = Math.floor(blockWords(k, block) / shape.words);
  return true;
}

/** Bytes from the start of the object found to one of its words. */
function byteOfWord(at: number): number {
  const shape = found.shape!;
  const word = at - found.start;
  return Math.floor(word / shape.words) * shape.bytes + shape.byteOf[word % shape.words]!;
}

/** Size in bytes of the object found. */
function foundBytes(): number {
  return found.shape!.bytes * found.count;
}

/** The word that an entry of a table of the shape gives for a byte of the object found; entries below 0 stay. */
function wordIn(table: Int32Array, byte: number): number {
  const shape = found.shape!;
  const word = table[byte % shape.bytes]!;
  return word < 0 ? word : found.start + Math.floor(byte / shape.bytes) * shape.words + word;
}

/** {@link reach}: the run is frozen, or has met something that is not modelled. */
export const FROZEN = -1;
/** {@link reach}: what lies there is no such scalar. */
export const SCATTERED = -2;

/**
 * The word of a scalar `offset` bytes behind word `at`. Where no object is, that is undefined behaviour: {@link FROZEN}. Where it
 * is made of other scalars, {@link SCATTERED}: `loadBytes()` and `storeBytes()` of `bytes.ts` put them together.
 * @param kind one {@link Scalar}
 */
export function reach(k: Kernel, at: number, offset: number, kind: number): number {
  if (!locate(k, at)) {
    k.undefinedBehaviour(isFreed(k, at) ? Undefined.UseAfterFree : Undefined.BadPointer);
    return FROZEN;
  }
  const byte = byteOfWord(at) + offset;
  if (byte < 0 || byte >= foundBytes()) {
    k.undefinedBehaviour(Undefined.BadPointer);
    return FROZEN;
  }
  const fits = (found.shape!.kinds[byte % found.shape!.bytes]! & kind) !== 0;
  return fits ? wordIn(found.shape!.wordAt, byte) : SCATTERED;
}

/** Stores a number of 8 or 16 bits into the word that {@link reach} has just given, or into a cell, with or without its sign. */
export function putNumber(k: Kernel, word: number, value: number, bytes: number): void {
  const inPage = word < k.layout.files && word >= k.layout.frames;
  const kinds = inPage ? 0 : found.shape!.kinds[byteOfWord(word) % found.shape!.bytes]!;
  const unused = 32 - 8 * bytes;
  k.w[word] = (kinds & SIGNED) !== 0 ? (value << unused) >> unused : (value << unused) >>> unused;
}

/**
 * The word of a lock or counter behind a handle, or {@link FROZEN}: its object must still exist.
 */
export function opaqueWord(k: Kernel, h: number): number {
  if (h > 0 && handleKind(h) === HandleKind.Data) {
    if (k.program.objects === undefined) return handleIndex(h);
    const word = reach(k, handleIndex(h), 0, Scalar.Opaque);
    if (word !== SCATTERED) return word;
  }
  k.undefinedBehaviour(Undefined.BadPointer);
  return FROZEN;
}

/** Bytes from one pointer to another into the same object. */
export function distance(k: Kernel, from: number, to: number): number {
  if (from === to) return 0;
  if (locate(k, from) || locate(k, to)) return byteOrEnd(to) - byteOrEnd(from);
  throw new UnknownError('a difference of pointers into different objects');
}

/** Bytes from the start of the object found to one of its words, or to its end. */
function byteOrEnd(at: number): number {
  const words = found.shape!.words * found.count;
  if (at === found.start + words) return foundBytes();
  if (at >= found.start && at < found.start + words) return byteOfWord(at);
  throw new UnknownError('a difference of pointers into different objects');
}

/**
 * Word index of a pointer that is moved by `offset` bytes, inside its object or to its end. Where no object is found, or outside
 * of it, `words` says how far: nobody may follow such a pointer before it comes back.
 */
export function moved(k: Kernel, at: number, offset: number, words: number): number {
  if (offset === 0) return at;
  if (!locate(k, at)) return at + words;
  const byte = byteOfWord(at) + offset;
  if (byte < 0 || byte > foundBytes()) return at + words;
  if (byte === foundBytes()) return found.start + found.count * found.shape!.words;
  const word = wordIn(found.shape!.wordAt, byte);
  if (word < 0) throw new UnknownError('a pointer into the middle of a scalar is not modelled');
  return word;
}

/** The object at a word as bytes, from `offset` bytes behind that word on; undefined if there is none. */
export function objectAt(k: Kernel, at: number, offset: number): ObjectBytes | undefined {
  if (!locate(k, at)) return undefined;
  return new ObjectBytes(k, found.start, found.shape!, found.count, byteOfWord(at) + offset);
}

/** An object as bytes, counted from some place in it. */
export class ObjectBytes implements Bytes {
  readonly padding = 0;

  constructor(
    readonly k: Kernel,
    readonly start: number,
    readonly shape: ObjectShape,
    readonly count: number,
    readonly base: number,
  ) {}

  holds(bytes: number): boolean {
    return this.base >= 0 && this.base + bytes <= this.shape.bytes * this.count;
  }

  #entry(table: Int32Array, byte: number): number {
    const at = this.base + byte;
    const word = table[at % this.shape.bytes]!;
    return word < 0 ? word : this.start + Math.floor(at / this.shape.bytes) * this.shape.words + word;
  }

  kinds(byte: number): number {
    return this.shape.kinds[(this.base + byte) % this.shape.bytes]!;
  }

  wordAt(byte: number): number {
    return this.#entry(this.shape.wordAt, byte);
  }

  put(byte: number, value: number): void {
    const kinds = this.kinds(byte);
    const unused = (kinds & Scalar.Int8) !== 0 ? 24 : (kinds & Scalar.Int16) !== 0 ? 16 : 0;
    const signed = unused === 0 || (kinds & SIGNED) !== 0;
    this.k.w[this.wordAt(byte)] = signed ? (value << unused) >> unused : (value << unused) >>> unused;
  }

  extent(byte: number): number {
    const { wordAt, wordOf } = this.shape;
    const from = (this.base + byte) % this.shape.bytes;
    let to = from + 1;
    while (wordOf[to] === NO_BYTES && wordAt[to] === -1) to += 1;
    return to - from;
  }

  gap(byte: number): number {
    return this.get(byte) === PADDING ? 1 : 0;
  }

  /** Word that holds a byte, and the byte at which it begins. */
  #holder(byte: number): { readonly word: number; readonly begin: number } {
    const word = this.#entry(this.shape.wordOf, byte);
    if (word < 0) return { word, begin: 0 };
    const inner = this.shape.byteOf[(word - this.start) % this.shape.words]!;
    return { word, begin: byte - (((this.base + byte) % this.shape.bytes) - inner) };
  }

  get(byte: number): number {
    const { word, begin } = this.#holder(byte);
    return word < 0 ? word : (this.k.w[word]! >>> (8 * (byte - begin))) & 0xff;
  }

  set(byte: number, value: number): void {
    const { word, begin } = this.#holder(byte);
    if (word < 0) return;
    const shift = 8 * (byte - begin);
    const mixed = (this.k.w[word]! & ~(0xff << shift)) | (value << shift);
    // the high word of 64 bits begins no scalar
    if (this.kinds(begin) === 0) this.k.w[word] = mixed;
    else this.put(begin, mixed);
  }
}
