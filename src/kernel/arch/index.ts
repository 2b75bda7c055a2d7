import { arm } from './arm.js';
import { arm64 } from './arm64.js';
import { arm_lpae } from './arm_lpae.js';
import { ARCH_NAMES, type Arch, type ArchName } from './types.js';
import { um } from './um.js';
import { x86_64 } from './x86_64.js';

export type { Arch, ArchName, ArchTraits, Entry, RawEntry } from './types.js';
export { ARCH_NAMES } from './types.js';

const BY_NAME: Readonly<Record<ArchName, Arch>> = { x86_64, arm64, arm_lpae, arm, um };

/** All architectures of the model, in the order in which they are listed. */
export const ARCHS: readonly Arch[] = ARCH_NAMES.map((name) => BY_NAME[name]);

/** The architecture of that name, or undefined. */
export function archNamed(name: string): Arch | undefined {
  return ARCHS.find((arch) => arch.name === name);
}
