/** Arithmetic on 64-bit entries held as two unsigned 32-bit words. */

/** Lower 32 bits of `pfn << 12`. */
export function frameLo(pfn: number): number {
  return ((pfn % 0x10_0000) * 0x1000) >>> 0;
}

/** Upper 32 bits of `pfn << 12`. */
export function frameHi(pfn: number): number {
  return Math.floor(pfn / 0x10_0000) >>> 0;
}

/** Frame number of an entry's words that hold nothing but frame bits. */
export function frameOf(lo: number, hi: number): number {
  return (hi >>> 0) * 0x10_0000 + (lo >>> 12);
}

/** Whether `bit` (0..63) is set. */
export function has(raw: { readonly lo: number; readonly hi: number }, bit: number): boolean {
  return ((bit < 32 ? raw.lo >>> bit : raw.hi >>> (bit - 32)) & 1) !== 0;
}

/** The same eight bytes, loaded in the other byte order. */
export function swapped({ lo, hi }: { readonly lo: number; readonly hi: number }): {
  lo: number;
  hi: number;
} {
  return { lo: swapped32(hi), hi: swapped32(lo) };
}

function swapped32(n: number): number {
  return ((n << 24) | ((n & 0xff00) << 8) | ((n >>> 8) & 0xff00) | (n >>> 24)) >>> 0;
}

/** An entry under construction. */
export class Words {
  lo = 0;
  hi = 0;

  /** Sets bit 0..63, if `on`. */
  set(bit: number, on = true): this {
    if (!on) return this;
    if (bit < 32) this.lo = (this.lo | (1 << bit)) >>> 0;
    else this.hi = (this.hi | (1 << (bit - 32))) >>> 0;
    return this;
  }

  /** Sets a field of the lower word. */
  field(shift: number, value: number): this {
    this.lo = (this.lo | (value << shift)) >>> 0;
    return this;
  }

  /** Puts the frame's address in. */
  frame(pfn: number): this {
    this.lo = (this.lo | frameLo(pfn)) >>> 0;
    this.hi = (this.hi | frameHi(pfn)) >>> 0;
    return this;
  }
}
