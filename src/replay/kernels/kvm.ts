/** The one probe of KVM, and what it found. */
import { release } from 'node:os';
import { join } from 'node:path';
import { readJson, writeJson } from '../cache.js';
import { probeKvm, type KvmFinding } from '../boot/accelerator.js';
import { booter } from '../boot/machine.js';
import { qemuStarter } from '../boot/starters.js';
import { assemble } from '../machines.js';
import { CATALOGUE, type DebianSpec, type KernelSpec } from './catalogue.js';
import type { Paths } from './paths.js';
import { probeFiles } from './probe.js';
import { readRecord, writeVersions } from './record.js';

export const DEVICE = '/dev/kvm';

/** A finding, and what it is about: another host kernel or another QEMU has to be probed anew. */
export interface KvmRecord extends KvmFinding {
  readonly host: string;
  /** The kernel that was to boot, and QEMU. */
  readonly kernel: string;
  readonly qemu: string;
}

/** Whether a kernel of the catalogue could run under KVM here: the processor has to be the host's. */
export function isNative(spec: KernelSpec): spec is DebianSpec {
  return spec.kind === 'debian' && spec.platform.debian === 'amd64' && process.arch === 'x64';
}

/** What the probe found on this machine, or undefined if it was not made. */
export async function knownKvm(paths: Paths): Promise<KvmRecord | undefined> {
  const known = await readJson<KvmRecord>(paths.kvm);
  return known?.host === release() ? known : undefined;
}

/**
 * What the probe found; makes it if need be, which takes 20 s at most.
 * @returns undefined if no kernel is set up that could be booted
 */
export async function kvm(paths: Paths): Promise<KvmRecord | undefined> {
  const known = await knownKvm(paths);
  if (known !== undefined) return known;
  for (const spec of CATALOGUE.filter(isNative)) {
    const record = await readRecord(paths, spec);
    if (record === undefined) continue;
    const { toolchain } = assemble(paths, spec, record);
    const boot = booter(qemuStarter(spec.platform.qemu, join(paths.root, record.image), 'kvm'), false);
    const finding = await probeKvm(DEVICE, async (timeoutMs) =>
      boot.run(await probeFiles(toolchain), { timeoutMs }),
    );
    const found = { ...finding, host: release(), kernel: record.version, qemu: record.qemu ?? '' };
    await writeJson(paths.kvm, found);
    await writeVersions(paths);
    return found;
  }
  return undefined;
}
