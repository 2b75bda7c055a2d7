/** Bytes behind kernel pointers: of objects of the driver (`ObjectBytes`) and of pages (`PageBytes`). */

/** Bytes from some address on. */
export interface Bytes {
  /** Whether so many bytes are there. */
  holds(bytes: number): boolean;
  /** Kinds of the scalars that begin at a byte. */
  kinds(byte: number): number;
  /** Word of the scalar that begins at a byte. */
  wordAt(byte: number): number;
  /** Stores the (first) word of the number that begins at a byte, as wide as that is. */
  put(byte: number, value: number): void;
  /** Size of the pointer, lock or counter that begins at a byte. */
  extent(byte: number): number;
  /** How many bytes from this one on are kept by nobody. */
  gap(byte: number): number;
  /** A byte, `PADDING` where nothing is kept, or `NO_BYTES`. */
  get(byte: number): number;
  /** What bytes are that nothing is kept of; undefined if that is not known. */
  readonly padding: number | undefined;
  /** Stores a byte where `get()` would find one. */
  set(byte: number, value: number): void;
}
