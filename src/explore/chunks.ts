/** Interned parts of states: every distinct content of one part is stored once and has a number. */
const INITIAL_COUNT = 16;

export class ChunkTable {
  /** Distinct contents so far. */
  count = 0;
  private data: Int32Array<ArrayBuffer>;
  private hashes: Int32Array<ArrayBuffer>;
  private table: Int32Array<ArrayBuffer>;

  /** @param width words of the part */
  constructor(readonly width: number) {
    this.data = new Int32Array(INITIAL_COUNT * width);
    this.hashes = new Int32Array(INITIAL_COUNT);
    this.table = new Int32Array(INITIAL_COUNT * 4).fill(-1);
  }

  get bytes(): number {
    return this.data.byteLength + this.hashes.byteLength + this.table.byteLength;
  }

  /** Number of the content at words[from..from + width). */
  intern(words: Int32Array, from: number): number {
    const hash = hashWords(words, from, from + this.width);
    const mask = this.table.length - 1;
    let slot = hash & mask;
    for (;;) {
      const id = this.table[slot]!;
      if (id < 0) break;
      if (this.hashes[id] === hash && this.equal(id, words, from)) return id;
      slot = (slot + 1) & mask;
    }
    const id = this.count++;
    if (id >= this.hashes.length) this.enlarge();
    const at = id * this.width;
    for (let i = 0; i < this.width; i++) this.data[at + i] = words[from + i]!;
    this.hashes[id] = hash;
    this.table[slot] = id;
    if (this.count * 2 > this.table.length) this.rehash();
    return id;
  }

  /** Copies content `id` to words[to..). */
  load(id: number, words: Int32Array, to: number): void {
    const data = this.data;
    const at = id * this.width;
    for (let i = 0; i < this.width; i++) words[to + i] = data[at + i]!;
  }

  private equal(id: number, words: Int32Array, from: number): boolean {
    const data = this.data;
    const at = id * this.width;
    for (let i = 0; i < this.width; i++) if (data[at + i] !== words[from + i]) return false;
    return true;
  }

  private enlarge(): void {
    const data = new Int32Array(this.data.length * 2);
    data.set(this.data);
    this.data = data;
    const hashes = new Int32Array(this.hashes.length * 2);
    hashes.set(this.hashes);
    this.hashes = hashes;
  }

  private rehash(): void {
    const table = new Int32Array(this.table.length * 2).fill(-1);
    const mask = table.length - 1;
    for (let id = 0; id < this.count; id++) {
      let slot = this.hashes[id]! & mask;
      while (table[slot]! >= 0) slot = (slot + 1) & mask;
      table[slot] = id;
    }
    this.table = table;
  }
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
