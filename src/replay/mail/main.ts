import { writeWhole } from '../cache.js';
import { parseKernels } from '../arguments.js';
import { openMachines } from '../machines.js';
import { recordMail } from './record.js';

/** The kernels that docs/the-mail.md shows: without a special bit, the same with one, and what most people run. */
const KERNELS = ['armmp-7.2', 'armmp-lpae-7.2', 'amd64-7.2'];

/** Where the consoles are kept, below the root of the repository. */
const RECORDED = 'test/replay/recorded/mail';
const SOURCES = 'src/replay/mail';

const tell = (text: string): void => void process.stderr.write(`${text}\n`);

/** `npm run replay:mail [-- --kernel ID,...]`: runs the mail's counterexample on real kernels. Returns the exit status. */
export async function main(args: readonly string[]): Promise<number> {
  const ids = parseKernels(args);
  if (!ids) {
    tell('usage: npm run replay:mail [-- --kernel ID,...]');
    return 2;
  }
  const { ready, missing } = await openMachines(ids.length === 0 ? KERNELS : ids);
  if (missing.length > 0) tell(`not set up: ${missing.join(', ')}`);
  let failed = missing.length;
  for (const machine of ready) {
    try {
      const file = `${RECORDED}/${machine.kernel.id}.txt`;
      await writeWhole(file, await recordMail(machine, SOURCES));
      tell(`${machine.kernel.id}: ${file}`);
    } catch (error) {
      failed += 1;
      tell(`${machine.kernel.id}: ${error instanceof Error ? error.message : String(error)}`);
    }
  }
  return failed === 0 ? 0 : 1;
}
