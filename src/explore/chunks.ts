/** Interned pieces of states: every distinct content of one width is stored once and has a number. */

/** Words of a slot of a hash table: number + 1 (0: empty), and the content's hash, so that what differs is rarely looked at. */
export const SLOT = 2;

export class ChunkTable {
  /** Distinct contents so far. */
  count = 0;
  /** Whether the content interned last is a new one. */
  added = false;
  private data: Int32Array<ArrayBuffer>;
  private table: Int32Array<ArrayBuffer>;
  private mask: number;

  /**
   * @param width words of a content
   * @param reserve told how many bytes more will be taken; throws if they are too many
   * @param initial contents that there is room for at first, a power of 2
   */
  constructor(
    readonly width: number,
    private readonly reserve: (bytes: number) => void = () => undefined,
    initial = 16,
  ) {
    this.data = new Int32Array(initial * width);
    this.table = new Int32Array(initial * 2 * SLOT);
    this.mask = initial * 2 - 1;
  }

  /** Bytes that they take. */
  get bytes(): number {
    return this.data.byteLength + this.table.byteLength;
  }

  /** Number of the content at words[from..from + width). */
  intern(words: Int32Array, from: number): number {
    const { width, data, table, mask } = this;
    const hash = hashWords(words, from, from + width);
    let slot = hash & mask;
    for (;;) {
      const id = table[SLOT * slot]! - 1;
      if (id < 0) return this.insert(words, from, hash, slot);
      if (table[SLOT * slot + 1] === hash && equal(data, id * width, words, from, width)) {
        this.added = false;
        return id;
      }
      slot = (slot + 1) & mask;
    }
  }

  /** Copies content `id` to words[to..). */
  load(id: number, words: Int32Array, to: number): void {
    const { data, width } = this;
    const at = id * width;
    for (let i = 0; i < width; i++) words[to + i] = data[at + i]!;
  }

  private insert(words: Int32Array, from: number, hash: number, slot: number): number {
    const { width } = this;
    const id = this.count;
    const at = id * width;
    if (at + width > this.data.length) this.enlarge();
    for (let i = 0; i < width; i++) this.data[at + i] = words[from + i]!;
    this.table[SLOT * slot] = id + 1;
    this.table[SLOT * slot + 1] = hash;
    this.count = id + 1;
    this.added = true;
    if (this.count * 3 > this.mask * 2) this.rehash();
    return id;
  }

  private enlarge(): void {
    this.reserve(this.data.byteLength);
    const data = new Int32Array(this.data.length * 2);
    data.set(this.data);
    this.data = data;
  }

  private rehash(): void {
    const old = this.table;
    this.reserve(old.byteLength);
    const table = new Int32Array(old.length * 2);
    const mask = table.length / SLOT - 1;
    moveSlots(old, table, mask);
    this.table = table;
    this.mask = mask;
  }
}

/** Enters the slots of `old` into an empty table. */
function moveSlots(old: Int32Array, table: Int32Array, mask: number): void {
  for (let at = 0; at < old.length; at += SLOT) {
    if (old[at] === 0) continue;
    let slot = old[at + 1]! & mask;
    while (table[SLOT * slot] !== 0) slot = (slot + 1) & mask;
    table[SLOT * slot] = old[at]!;
    table[SLOT * slot + 1] = old[at + 1]!;
  }
}

/** Whether a[i..i + width) and b[j..j + width) are equal. */
export function equal(a: Int32Array, i: number, b: Int32Array, j: number, width: number): boolean {
  for (let n = 0; n < width; n++) if (a[i + n] !== b[j + n]) return false;
  return true;
}

/** Hashes words [from, to): two lanes, so that the multiplications overlap. */
export function hashWords(data: Int32Array, from: number, to: number, seed = 0x2f0b4c47): number {
  let a = seed;
  let b = 0x5bd1e995;
  let i = from;
  for (; i + 1 < to; i += 2) {
    a = Math.imul(a ^ data[i]!, 0x85ebca6b);
    b = Math.imul(b ^ data[i + 1]!, 0xc2b2ae35);
    a ^= a >>> 15;
    b ^= b >>> 13;
  }
  if (i < to) a = Math.imul(a ^ data[i]!, 0x27d4eb2f);
  let h = a ^ Math.imul(b ^ (b >>> 16), 0x165667b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  return h ^ (h >>> 13);
}
