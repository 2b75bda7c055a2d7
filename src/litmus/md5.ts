/** MD5 (RFC 1321), for the `Hash=` line that herd7's tools compare. Not for anything that needs to be secure. */

const SHIFTS = [7, 12, 17, 22, 5, 9, 14, 20, 4, 11, 16, 23, 6, 10, 15, 21];
const SINES = Array.from({ length: 64 }, (_, i) => Math.floor(Math.abs(Math.sin(i + 1)) * 2 ** 32) | 0);

/** The MD5 of the UTF-8 form of `text`, as 32 lower-case hexadecimal digits. */
export function md5(text: string): string {
  const words = paddedWords(new TextEncoder().encode(text));
  const state = new Int32Array([0x67452301, 0xefcdab89, 0x98badcfe, 0x10325476]);
  for (let at = 0; at < words.length; at += 16) block(state, words, at);
  const bytes = new Uint8Array(16);
  state.forEach((word, i) => new DataView(bytes.buffer).setInt32(4 * i, word, true));
  return [...bytes].map((b) => b.toString(16).padStart(2, '0')).join('');
}

/** The message with a 1 bit, zeros and its length in bits, as little-endian words. */
function paddedWords(message: Uint8Array): Int32Array {
  const size = (((message.length + 8) >> 6) + 1) * 64;
  const view = new DataView(new ArrayBuffer(size));
  message.forEach((byte, i) => view.setUint8(i, byte));
  view.setUint8(message.length, 0x80);
  view.setUint32(size - 8, (message.length * 8) >>> 0, true);
  view.setUint32(size - 4, Math.floor(message.length / 2 ** 29), true);
  return Int32Array.from({ length: size / 4 }, (_, i) => view.getInt32(4 * i, true));
}

function block(state: Int32Array, words: Int32Array, at: number): void {
  let [a, b, c, d] = state;
  for (let i = 0; i < 64; i++) {
    const [mix, index] = round(i, b, c, d);
    const sum = (a + mix + SINES[i] + words[at + index]) | 0;
    const shift = SHIFTS[((i >> 4) << 2) | (i & 3)];
    a = d;
    d = c;
    c = b;
    b = (b + ((sum << shift) | (sum >>> (32 - shift)))) | 0;
  }
  state[0] += a;
  state[1] += b;
  state[2] += c;
  state[3] += d;
}

/** The mixing function of step `i`, and the word it takes. */
function round(i: number, b: number, c: number, d: number): [number, number] {
  switch (i >> 4) {
    case 0:
      return [(b & c) | (~b & d), i];
    case 1:
      return [(d & b) | (~d & c), (5 * i + 1) % 16];
    case 2:
      return [b ^ c ^ d, (3 * i + 5) % 16];
    default:
      return [c ^ (b | ~d), (7 * i) % 16];
  }
}
