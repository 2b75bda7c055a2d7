import { arm } from './arm.js';
import { arm64 } from './arm64.js';
import { arm_lpae } from './arm_lpae.js';
import { loongarch64 } from './loongarch64.js';
import { m68k } from './m68k.js';
import { mips64 } from './mips64.js';
import { ppc64 } from './ppc64.js';
import { riscv64 } from './riscv64.js';
import { s390x } from './s390x.js';
import { ARCH_NAMES, type Arch, type ArchName } from './types.js';
import { um } from './um.js';
import { x86_64 } from './x86_64.js';
import { xtensa } from './xtensa.js';

export type { Arch, ArchName, ArchTraits, Entry, RawEntry } from './types.js';
export { ARCH_NAMES } from './types.js';

const BY_NAME: Readonly<Record<ArchName, Arch>> = {
  x86_64,
  arm64,
  arm_lpae,
  arm,
  um,
  riscv64,
  s390x,
  ppc64,
  loongarch64,
  mips64,
  m68k,
  xtensa,
};

/** All architectures of the model, in the order in which they are listed. */
export const ARCHS: readonly Arch[] = ARCH_NAMES.map((name) => BY_NAME[name]);

/** The architecture of that name, or undefined. */
export function archNamed(name: string): Arch | undefined {
  return ARCHS.find((arch) => arch.name === name);
}
