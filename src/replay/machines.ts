import { join } from 'node:path';
import { booter } from './boot/machine.js';
import { qemuStarter, umlStarter } from './boot/starters.js';
import { machineKernel, selectKernels, type KernelSpec } from './kernels/catalogue.js';
import { paths as defaultPaths, type Paths } from './kernels/paths.js';
import { readRecord, type KernelRecord } from './kernels/record.js';
import { toolchain } from './kernels/toolchain.js';
import type { Machine } from './types.js';

/** The machine of a kernel of which `record` says that it is ready. */
export function assemble(paths: Paths, spec: KernelSpec, record: KernelRecord): Machine {
  const image = join(paths.root, record.image);
  return {
    kernel: machineKernel(spec, record),
    toolchain: toolchain(paths, spec, record),
    boot:
      spec.kind === 'uml'
        ? booter(umlStarter(image), false)
        : booter(qemuStarter(spec.platform.qemu, image), true),
  };
}

/** The machines that are ready among the kernels with these ids (all if there are none), and the ids of the others. */
export interface Machines {
  readonly ready: readonly Machine[];
  readonly missing: readonly string[];
}

/**
 * Finds machines that `npm run replay:setup` has made ready.
 * @throws RangeError if an id is unknown
 */
export async function openMachines(ids: readonly string[], paths = defaultPaths()): Promise<Machines> {
  const ready: Machine[] = [];
  const missing: string[] = [];
  for (const spec of selectKernels(ids)) {
    const record = await readRecord(paths, spec);
    if (record) ready.push(assemble(paths, spec, record));
    else missing.push(spec.id);
  }
  return { ready, missing };
}
