import { readJson, writeJson } from '../cache.js';
import { openMachines } from '../machines.js';
import { paths as cachePaths } from '../kernels/paths.js';
import { parseKernels } from '../arguments.js';
import type { Machine } from '../types.js';
import { runSelftest, type SelftestRun } from './run.js';
import { SELFTEST_KERNEL, selftestSources } from './source.js';

/** What the selftest said on one kernel: kept in the repository, and compared with the model by its tests. */
export interface SelftestRecord {
  /** What `uname -r` says. */
  readonly version: string;
  readonly arch: string;
  readonly release: string;
  /** By kind of memory: `ram` (/dev/mem) and `mmio` (a PCI BAR). */
  readonly runs: Readonly<Record<string, SelftestRun>>;
}

/** Where records are kept, below the root of the repository. */
export const RECORDED = 'test/replay/recorded/selftest.json';

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

function summary({ results, skipped }: SelftestRun): string {
  if (skipped !== undefined) return `skipped: ${skipped}`;
  const names = Object.keys(results);
  const failed = names.filter((name) => results[name] !== 'ok');
  return `${names.length - failed.length} of ${names.length} ok${failed.map((name) => `, ${name}: ${results[name]}`).join('')}`;
}

async function record(machine: Machine, sources: Readonly<Record<string, string>>): Promise<SelftestRecord> {
  const { version, arch, release } = machine.kernel;
  const runs = await runSelftest(machine, sources);
  for (const [target, run] of Object.entries(runs)) tell(`${machine.kernel.id}: ${target}: ${summary(run)}`);
  return { version, arch, release, runs };
}

/**
 * `npm run replay:selftest [-- --kernel ID,...]`: runs the kernel's own test of PFN mappings on the kernels that are set
 * up, and records what it says. Returns the exit status.
 */
export async function main(args: readonly string[]): Promise<number> {
  const ids = parseKernels(args);
  if (!ids) {
    tell('usage: npm run replay:selftest [-- --kernel ID,...]');
    return 2;
  }
  const sources = await selftestSources(cachePaths());
  if (!sources) {
    tell(`no sources: run npm run replay:setup -- --kernel ${SELFTEST_KERNEL.id}`);
    return 1;
  }
  const { ready, missing } = await openMachines(ids);
  if (missing.length > 0) tell(`not set up: ${missing.join(', ')}`);
  const known = (await readJson<Record<string, SelftestRecord>>(RECORDED)) ?? {};
  let failed = 0;
  for (const machine of ready) {
    try {
      known[machine.kernel.id] = await record(machine, sources);
    } catch (error) {
      failed += 1;
      tell(`${machine.kernel.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  const sorted = Object.keys(known)
    .sort()
    .map((id) => [id, known[id]] as const);
  await writeJson(RECORDED, Object.fromEntries(sorted));
  return failed === 0 ? 0 : 1;
}
