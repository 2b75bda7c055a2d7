/** Disagreements in their smallest form, several at once: what all of them ask about is run in one boot. */
import type { TestRecord } from '../../generate/record.js';
import { encodeRecord } from '../../generate/record.js';
import { minimise } from '../../generate/simplify.js';
import { topics } from './disagreement.js';
import type { Compared } from './run.js';

/** Runs records on the machine of a disagreement, and compares. */
export type Ask = (kernel: string, records: readonly TestRecord[]) => Promise<readonly Compared[]>;

export interface Minimised {
  readonly found: Compared;
  readonly smallest: Compared;
}

interface Question {
  readonly records: readonly TestRecord[];
  readonly answer: (all: ReadonlyMap<string, Compared>) => void;
}

function keyOf(record: TestRecord): string {
  return encodeRecord(record).join(' ');
}

/** Disagreements of one kernel. */
export async function minimiseAll(
  kernel: string,
  found: readonly Compared[],
  ask: Ask,
): Promise<Minimised[]> {
  let waiting: Question[] = [];
  let active = found.length;
  const known = new Map<string, Compared>();

  async function answerAll(): Promise<void> {
    const questions = waiting;
    waiting = [];
    const fresh = new Map<string, TestRecord>();
    for (const { records } of questions)
      for (const r of records) if (!known.has(keyOf(r))) fresh.set(keyOf(r), r);
    if (fresh.size > 0)
      for (const one of await ask(kernel, [...fresh.values()])) known.set(keyOf(one.test.record), one);
    for (const { answer } of questions) answer(known);
  }

  function question(records: readonly TestRecord[]): Promise<ReadonlyMap<string, Compared>> {
    return new Promise((resolve, reject) => {
      waiting.push({ records, answer: resolve });
      if (waiting.length === active) answerAll().catch(reject);
    });
  }

  return Promise.all(
    found.map(async (one) => {
      known.set(keyOf(one.test.record), one);
      const about = topics(one);
      const smallest = await minimise(one.test.record, async (records) => {
        const answers = await question(records);
        return records.map((r) => isSame(answers.get(keyOf(r)), about));
      });
      active--;
      if (waiting.length > 0 && waiting.length === active) await answerAll();
      return { found: one, smallest: known.get(keyOf(smallest))! };
    }),
  );
}

/** It still disagrees, and about one of the same things. */
function isSame(one: Compared | undefined, about: ReadonlySet<string>): boolean {
  return one?.comparison.status === 'differs' && [...topics(one)].some((topic) => about.has(topic));
}
