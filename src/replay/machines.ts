import { join } from 'node:path';
import { chooseAccelerator, type Accelerator, type KvmFinding, type Wanted } from './boot/accelerator.js';
import { booter } from './boot/machine.js';
import { qemuStarter, umlStarter } from './boot/starters.js';
import { machineKernel, selectKernels, type KernelSpec } from './kernels/catalogue.js';
import { isNative, knownKvm, kvm } from './kernels/kvm.js';
import { paths as defaultPaths, type Paths } from './kernels/paths.js';
import { readRecord, type KernelRecord } from './kernels/record.js';
import { toolchain } from './kernels/toolchain.js';
import type { Machine } from './types.js';

/** The machine of a kernel of which `record` says that it is ready. */
export function assemble(
  paths: Paths,
  spec: KernelSpec,
  record: KernelRecord,
  accelerator: Accelerator = 'tcg',
): Machine {
  const image = join(paths.root, record.image);
  return {
    kernel: machineKernel(spec, record),
    toolchain: toolchain(paths, spec, record),
    boot:
      spec.kind === 'uml'
        ? booter(umlStarter(image), false)
        : booter(qemuStarter(spec.platform.qemu, image, accelerator), true),
    ...(spec.kind === 'uml' ? {} : { accelerator }),
  };
}

/** The machines that are ready among the kernels with these ids (all if there are none), and the ids of the others. */
export interface Machines {
  readonly ready: readonly Machine[];
  readonly missing: readonly string[];
  /** What is known about KVM, if it was asked for. */
  readonly kvm?: KvmFinding;
}

/** `auto` believes what setup has found; `kvm` makes the probe if nobody has. */
async function kvmFinding(wanted: Wanted, paths: Paths): Promise<KvmFinding | undefined> {
  if (wanted === 'tcg') return undefined;
  return wanted === 'kvm' ? kvm(paths) : knownKvm(paths);
}

/**
 * Finds machines that `npm run replay:setup` has made ready.
 * @throws RangeError if an id is unknown
 */
export async function openMachines(
  ids: readonly string[],
  paths = defaultPaths(),
  wanted: Wanted = 'tcg',
): Promise<Machines> {
  const ready: Machine[] = [];
  const missing: string[] = [];
  const specs = selectKernels(ids);
  const finding = await kvmFinding(wanted, paths);
  for (const spec of specs) {
    const record = await readRecord(paths, spec);
    if (record)
      ready.push(assemble(paths, spec, record, isNative(spec) ? chooseAccelerator(wanted, finding) : 'tcg'));
    else missing.push(spec.id);
  }
  return { ready, missing, ...(finding === undefined ? {} : { kvm: finding }) };
}
