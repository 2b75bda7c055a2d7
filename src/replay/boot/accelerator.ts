/** What QEMU runs a guest with: TCG, which works everywhere, or KVM, which is believed only after it has booted a kernel. */
import { accessSync, constants } from 'node:fs';
import type { BootResult } from '../types.js';

export const ACCELERATORS = ['auto', 'tcg', 'kvm'] as const;
/** `--accel`: `auto` is KVM where setup has seen it work, `kvm` tries it first if nobody has. */
export type Wanted = (typeof ACCELERATORS)[number];

export type Accelerator = 'tcg' | 'kvm';

/** How long a kernel that boots in 4 s under TCG gets under KVM, in milliseconds. */
export const KVM_TIMEOUT_MS = 20_000;

/** What the probe found; kept, so that it is made once. */
export interface KvmFinding {
  readonly works: boolean;
  /** Why it does not, or how long the boot took. */
  readonly reason: string;
}

/** Whether this process may use a device. */
export function isUsable(device: string): boolean {
  try {
    accessSync(device, constants.R_OK | constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Finds out whether KVM works: the device has to be there, and a kernel has to boot in time. A device alone says little: under some
 * hypervisors it is there, and no stock kernel gets anywhere with it.
 * @param boot boots a kernel under KVM, within the time it is given in milliseconds
 */
export async function probeKvm(
  device: string,
  boot: (timeoutMs: number) => Promise<Pick<BootResult, 'end' | 'timeMs'>>,
): Promise<KvmFinding> {
  if (!isUsable(device)) return { works: false, reason: `${device} cannot be used` };
  try {
    const { end, timeMs } = await boot(KVM_TIMEOUT_MS);
    const seconds = `${(timeMs / 1000).toFixed(1)} s`;
    if (end === 'done') return { works: true, reason: `a kernel booted in ${seconds}` };
    return { works: false, reason: `no kernel booted (${end} after ${seconds})` };
  } catch (error) {
    return { works: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** QEMU's arguments with another accelerator. */
export function accelerated(args: readonly string[], accelerator: Accelerator): string[] {
  return args.map((word, i) => (args[i - 1] === '-accel' ? accelerator : word));
}

/**
 * What a guest is run with.
 * @param finding what the probe has found, or undefined if it was not made
 */
export function chooseAccelerator(wanted: Wanted, finding: KvmFinding | undefined): Accelerator {
  return wanted !== 'tcg' && finding?.works === true ? 'kvm' : 'tcg';
}
