/**
 * Objects of drivers, in bytes and in words. C counts bytes; the world gives every scalar words of its own (one, or two for 64
 * bits), so that a narrow one needs no shifting. An {@link ObjectShape} is the way from one to the other.
 */

/** Kinds of scalars, as bits: a part of a union may be one or another. */
export const Scalar = {
  Int8: 1,
  Int16: 2,
  Int32: 4,
  /** 64 bits: two words, the low one first. User pointers of 64-bit machines too. */
  Int64: 8,
  /** A kernel pointer: a handle in one word, which has no bytes. */
  Pointer: 16,
  /** A lock, a counter or another kernel object: one word without bytes. */
  Opaque: 32,
} as const;

/** With {@link Scalar.Int8} and {@link Scalar.Int16}: the word keeps the sign. */
export const SIGNED = 64;

/** {@link ObjectShape.wordOf} of padding. */
export const PADDING = -1;
/** {@link ObjectShape.wordOf} of pointers and opaque objects. */
export const NO_BYTES = -2;

/** A scalar inside an object. */
export interface ShapeLeaf {
  readonly word: number;
  readonly byte: number;
  readonly bytes: number;
  /** A {@link Scalar}, possibly with {@link SIGNED}. */
  readonly kind: number;
}

/** Where the scalars of one type of object lie. Members of a union that share bytes share the words, too. */
export class ObjectShape {
  /** Byte at which each word begins. */
  readonly byteOf: Int32Array;
  /** Word that begins at each byte; -1 where none does. */
  readonly wordAt: Int32Array;
  /** Word that holds the bits of each byte, or {@link PADDING} or {@link NO_BYTES}. */
  readonly wordOf: Int32Array;
  /** Kinds of the scalars that begin at each byte. */
  readonly kinds: Uint8Array;

  constructor(
    readonly words: number,
    readonly bytes: number,
    leaves: readonly ShapeLeaf[],
  ) {
    this.byteOf = new Int32Array(words);
    this.wordAt = new Int32Array(bytes).fill(-1);
    this.wordOf = new Int32Array(bytes).fill(PADDING);
    this.kinds = new Uint8Array(bytes);
    for (const leaf of leaves) {
      const { word, byte, kind } = leaf;
      this.kinds[byte]! |= kind;
      this.#add(word, byte, (kind & Scalar.Int64) !== 0 ? 4 : leaf.bytes, kind);
      if ((kind & Scalar.Int64) !== 0) this.#add(word + 1, byte + 4, 4, kind);
    }
  }

  #add(word: number, byte: number, bytes: number, kind: number): void {
    const isNumber = (kind & (Scalar.Pointer | Scalar.Opaque)) === 0;
    this.byteOf[word] = byte;
    this.wordAt[byte] = word;
    this.wordOf.fill(isNumber ? word : NO_BYTES, byte, byte + bytes);
  }
}

/** An object among the globals (`at` counts from the first of them) or the locals of a function (from the frame's header). */
export interface PlacedObject {
  readonly at: number;
  readonly shape: ObjectShape;
}

/** What the objects of a test look like. */
export interface ObjectTable {
  readonly globals: readonly PlacedObject[];
  /** Types of kzalloc()ed objects, by number; 0 is none. */
  readonly types: readonly (ObjectShape | undefined)[];
}
