import { gunzipSync } from 'node:zlib';
import { exec } from '../exec.js';

/**
 * The kernel inside a bzImage. QEMU starts it directly (through its PVH entry), without firmware and without unpacking:
 * that saves seconds of emulation in every boot.
 */

/** Offsets of Documentation/arch/x86/boot.rst. */
const BOOT = { sectors: 0x1f1, magic: 0x202, payloadOffset: 0x248, payloadLength: 0x24c } as const;

/** What a compressed kernel begins with, and the program that unpacks it. */
const COMPRESSIONS: readonly { magic: readonly number[]; program: string }[] = [
  { magic: [0x28, 0xb5, 0x2f, 0xfd], program: 'zstd' },
  { magic: [0x02, 0x21, 0x4c, 0x18], program: 'lz4' },
  { magic: [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00], program: 'xz' },
  { magic: [0x1f, 0x8b], program: 'gzip' },
];

const startsWith = (bytes: Uint8Array, magic: readonly number[]): boolean =>
  magic.every((byte, index) => bytes[index] === byte);

/** The compressed kernel of a bzImage and what unpacks it, or undefined if it is something else. */
export function payload(image: Buffer): { data: Buffer; program: string } | undefined {
  if (image.length < 0x250 || image.toString('latin1', BOOT.magic, BOOT.magic + 4) !== 'HdrS')
    return undefined;
  const start = ((image[BOOT.sectors] || 4) + 1) * 512 + image.readUInt32LE(BOOT.payloadOffset);
  // The last four bytes are the unpacked size; gzip's format has them itself.
  const end = start + image.readUInt32LE(BOOT.payloadLength);
  const whole = image.subarray(start, end);
  const found = COMPRESSIONS.find(({ magic }) => startsWith(whole, magic));
  if (!found) return undefined;
  return { data: found.program === 'gzip' ? whole : whole.subarray(0, -4), program: found.program };
}

const ELF = [0x7f, 0x45, 0x4c, 0x46];

/** The ELF kernel of a bzImage, or undefined if there is none or nothing here can unpack it. */
export async function unpackedKernel(image: Buffer): Promise<Buffer | undefined> {
  const found = payload(image);
  if (!found) return undefined;
  try {
    const kernel =
      found.program === 'gzip'
        ? gunzipSync(found.data)
        : await exec(found.program, ['-dcq'], { input: found.data });
    return startsWith(kernel, ELF) ? kernel : undefined;
  } catch {
    return undefined;
  }
}
