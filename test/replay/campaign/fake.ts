/** A machine that answers each job with what the model says, but for the records of which it knows better. */
import { decodeRecord, type TestRecord } from '../../../src/generate/record.js';
import type { Boot, BootFile, BootOptions, Machine } from '../../../src/replay/types.js';

export interface FakeMachine extends Machine {
  /** Records that were run, boot by boot. */
  readonly boots: TestRecord[][];
}

/**
 * @param answer the raw outcomes of a record
 * @param dies whether the machine dies, without a word, while it runs a record
 */
export function fakeMachine(
  answer: (record: TestRecord) => readonly string[],
  dies: (record: TestRecord, boot: number) => boolean = () => false,
): FakeMachine {
  const boots: TestRecord[][] = [];
  const boot: Boot = {
    async run(files: readonly BootFile[], options: BootOptions) {
      const ran: TestRecord[] = [];
      boots.push(ran);
      const jobs = new TextDecoder().decode(files.find((f) => f.path === 'jobs')!.data);
      const say = (line: string): void => options.onLine?.(line);
      say('LIT boot 7.2.13 um');
      for (const line of jobs.split('\n').filter((l) => l.startsWith('record '))) {
        const [id, , , , , ...data] = line.split(' ').slice(1).map(Number);
        const record = decodeRecord(data);
        if (options.signal?.aborted === true) break;
        ran.push(record);
        say(`LIT start ${id}`);
        if (dies(record, boots.length)) return { lines: [], end: 'panic', timeMs: 1 };
        const outcomes = answer(record);
        for (const text of outcomes) say(`LIT out ${id} - - ${text}`);
        say(`LIT done ${id} 1 all 0 0 1 ${outcomes.map(() => 1).join(' ')}`);
      }
      say('LIT end');
      return { lines: [], end: 'done', timeMs: 1 };
    },
  };
  const kernel = {
    ...{
      id: 'um-7.2',
      arch: 'um',
      release: '7.2',
      version: '7.2.13',
      modules: true,
      uml: true,
      bugIsPanic: true,
    },
    ...{ hooks: { kprobes: false, kallsyms: true }, bits: 64 as const },
  };
  const toolchain = {
    cc: 'cc',
    buildModule: () => Promise.resolve('/dev/null'),
    buildProgram: () => Promise.resolve('/dev/null'),
  };
  return { kernel, toolchain, boot, boots };
}
