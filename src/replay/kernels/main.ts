import { rm } from 'node:fs/promises';
import { parseKernels } from '../arguments.js';
import { paths as cachePaths } from './paths.js';
import { selectKernels, type KernelSpec } from './catalogue.js';
import { installCommand, missingNeeds } from './host.js';
import { kvm } from './kvm.js';
import { NO_SELFTEST, selftestProgram } from '../selftest/source.js';
import { readRecord } from './record.js';
import { Setup, setupKernel } from './setup.js';
import { toolchain } from './toolchain.js';

/** `npm run replay:setup [-- --kernel ID,...]`: makes kernels ready for `pfnmap replay`. */

const USAGE = 'usage: npm run replay:setup [-- --kernel ID,...]';

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** The kernels to set up; undefined, and told, if the arguments are wrong. */
function chosen(args: readonly string[]): KernelSpec[] | undefined {
  const ids = parseKernels(args);
  try {
    if (ids) return selectKernels(ids);
    tell(USAGE);
  } catch (error) {
    tell(told(error));
  }
  return undefined;
}

const told = (error: unknown): string => (error instanceof Error ? error.message : String(error));

/**
 * Builds the kernel's own selftest, which `pfnmap replay` runs in its boots, for the machines of these kernels; once for those that have the
 * same processor. Returns how many could not be built.
 */
async function buildSelftest({ paths, tell: say }: Setup, specs: readonly KernelSpec[]): Promise<number> {
  let failed = 0;
  for (const spec of specs) {
    const record = await readRecord(paths, spec);
    if (record === undefined) continue;
    try {
      const built = await selftestProgram(toolchain(paths, spec, record), paths);
      if (built === undefined) {
        say(`selftest: ${NO_SELFTEST}`);
        return failed;
      }
    } catch (error) {
      failed += 1;
      say(`${spec.id}: ${told(error)}`);
    }
  }
  return failed;
}

/** Sets up the kernels that `args` name and returns the exit status: 0 if all are ready, 2 for wrong arguments. */
export async function main(args: readonly string[]): Promise<number> {
  const specs = chosen(args);
  if (!specs) return 2;
  const missing = await missingNeeds(specs);
  if (missing.length > 0) {
    tell(`this machine lacks ${[...new Set(missing.map(({ what }) => what))].join(', ')}: run`);
    tell(`  ${installCommand(missing)}`);
    return 1;
  }
  const setup = new Setup(cachePaths(), tell);
  let failed = 0;
  for (const spec of specs) {
    try {
      const record = await setupKernel(setup, spec);
      tell(`${spec.id}: ready, ${record.version}, boots in ${record.seconds.boot!.toFixed(1)} s`);
    } catch (error) {
      failed += 1;
      tell(`${spec.id}: ${told(error)}`);
    }
  }
  failed += await buildSelftest(setup, specs);
  const found = await kvm(setup.paths);
  if (found !== undefined) tell(`KVM ${found.works ? 'works' : 'is not used'}: ${found.reason}`);
  if (failed > 0) return 1;
  // Lists and downloads are hundreds of megabytes, and everything is unpacked.
  await rm(setup.paths.apt, { recursive: true, force: true });
  return 0;
}
