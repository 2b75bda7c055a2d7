/**
 * Which leaves of a state differ from those of another. Every word of every successor is looked at here, so it is done by WebAssembly, four words
 * at once, in memory that all stores of a thread take turns to use; where an engine has no such instructions, word by word.
 */

import { instantiate, lazyModule, WASM_PAGE, type WasmMemory } from './wasm.js';

/** Words of a leaf. */
export const LEAF = 8;
const PAGE_WORDS = WASM_PAGE / 4;

/*
 * (module
 *   (memory (export "memory") 1)
 *   (func (export "diff") (param $a i32) (param $b i32) (param $out i32) (param $leaves i32) (result i32)
 *     (local $leaf i32) (local $to i32)
 *     (local.set $to (local.get $out))
 *     (block $end
 *       (loop $next
 *         (br_if $end (i32.ge_u (local.get $leaf) (local.get $leaves)))
 *         (i32.store (local.get $to) (local.get $leaf))
 *         (local.set $to (i32.add (local.get $to) (i32.shl (v128.any_true (v128.or
 *           (v128.xor (v128.load (local.get $a)) (v128.load (local.get $b)))
 *           (v128.xor (v128.load offset=16 (local.get $a)) (v128.load offset=16 (local.get $b))))) (i32.const 2))))
 *         (local.set $a (i32.add (local.get $a) (i32.const 32)))
 *         (local.set $b (i32.add (local.get $b) (i32.const 32)))
 *         (local.set $leaf (i32.add (local.get $leaf) (i32.const 1)))
 *         (br $next)))
 *     (i32.shr_u (i32.sub (local.get $to) (local.get $out)) (i32.const 2))))
 */
const MODULE =
  'AGFzbQEAAAABCQFgBH9/f38BfwMCAQAFAwEAAQcRAgZtZW1vcnkCAARkaWZmAAAKZQFjAQJ/IAIhBQJAA0AgBCADTw0BIAUgBDYCACAFIAD9AAQAIAH9' +
  'AAQA/VEgAP0ABBAgAf0ABBD9Uf1Q/VNBAnRqIQUgAEEgaiEAIAFBIGohASAEQQFqIQQMAAsLIAUgAmtBAnYL';

/** Writes to `found` which of the first leaves of `a` and `b` differ, ascending. @returns how many */
type Diff = (leaves: number) => number;

/** Room for two states of some leaves, and for what differs. */
export interface Scratch {
  /** Words, as many as the leaves have. */
  readonly a: Int32Array;
  readonly b: Int32Array;
  readonly found: Int32Array;
  readonly diff: Diff;
  /** Who has written `b`. */
  owner: object | undefined;
}

const scratches = new Map<number, Scratch>();

/** The thread's room for states of so many leaves or some more; who takes it from its last owner writes `b` anew. */
export function scratchFor(atLeast: number): Scratch {
  let leaves = 32;
  while (leaves < atLeast) leaves *= 2;
  let scratch = scratches.get(leaves);
  if (scratch === undefined) scratches.set(leaves, (scratch = vectorScratch(leaves) ?? plainScratch(leaves)));
  return scratch;
}

interface Exports {
  readonly memory: WasmMemory;
  diff(a: number, b: number, found: number, leaves: number): number;
}

const compiled = lazyModule(MODULE);

/** Undefined where the engine has no vector instructions, or no memory for them. */
export function vectorScratch(leaves: number): Scratch | undefined {
  const found = compiled();
  if (found === undefined) return undefined;
  try {
    const { memory, diff } = instantiate<Exports>(found);
    const words = leaves * LEAF;
    memory.grow(Math.ceil((2 * words + leaves + 1) / PAGE_WORDS) - 1);
    const part = (at: number, n: number): Int32Array => new Int32Array(memory.buffer, 4 * at, n);
    return {
      a: part(0, words),
      b: part(words, words),
      found: part(2 * words, leaves),
      diff: (n) => diff(0, 4 * words, 8 * words, n),
      owner: undefined,
    };
  } catch {
    return undefined;
  }
}

/** The same without vector instructions. */
export function plainScratch(leaves: number): Scratch {
  const [a, b] = [new Int32Array(leaves * LEAF), new Int32Array(leaves * LEAF)];
  const found = new Int32Array(leaves);
  const diff = (count: number): number => {
    let n = 0;
    for (let leaf = 0, i = 0; leaf < count; leaf++, i += LEAF) {
      const left =
        (a[i]! ^ b[i]!) | (a[i + 1]! ^ b[i + 1]!) | (a[i + 2]! ^ b[i + 2]!) | (a[i + 3]! ^ b[i + 3]!);
      const right =
        (a[i + 4]! ^ b[i + 4]!) | (a[i + 5]! ^ b[i + 5]!) | (a[i + 6]! ^ b[i + 6]!) | (a[i + 7]! ^ b[i + 7]!);
      if ((left | right) !== 0) found[n++] = leaf;
    }
    return n;
  };
  return { a, b, found, diff, owner: undefined };
}

/** What words were, to be compared with what they are. */
export interface Snapshot {
  take(): void;
  same(): boolean;
}

const beside = new WeakMap<Int32Array, Scratch>();

/** Words, all 0, that a snapshot is quick to be compared with. Their memory is much for a few: not for many at a time. */
export function comparedWords(length: number): Int32Array {
  const scratch = vectorScratch(Math.ceil(length / LEAF));
  if (scratch === undefined) return new Int32Array(length);
  const words = scratch.a.subarray(0, length);
  beside.set(words, scratch);
  return words;
}

export function snapshotOf(words: Int32Array): Snapshot {
  const leaves = Math.ceil(words.length / LEAF);
  const { a, b, diff } = beside.get(words) ?? plainScratch(leaves);
  const before = b.subarray(0, words.length);
  const copied = beside.has(words) ? undefined : a.subarray(0, words.length);
  return {
    take: () => before.set(words),
    same: () => {
      copied?.set(words);
      return diff(leaves) === 0;
    },
  };
}
