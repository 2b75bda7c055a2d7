import { mkdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { freshCounts, generate, testName } from '../generate/generate.js';
import { parseRecord, RecordError, type TestRecord } from '../generate/record.js';
import { litmusText } from '../generate/text.js';
import { isValid } from '../generate/valid.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { ProgressLine } from './progress.js';

/** The options of `pfnmap generate`, parsed. */
export interface GenerateFlags {
  readonly seed: number;
  readonly count: number;
  readonly out?: string;
  readonly record?: string;
}

/** `pfnmap generate` */
export async function generateCommand(this: Context, flags: GenerateFlags): Promise<void> {
  const { stdout, stderr } = this.process;
  const directory = flags.out === undefined ? undefined : resolve(this.cwd, flags.out);
  const put = (name: string, text: string): void => {
    if (directory === undefined) stdout.write(text);
    else writeFileSync(join(directory, `${name}.litmus`), text);
  };
  if (directory !== undefined) mkdirSync(directory, { recursive: true });
  if (flags.record !== undefined) {
    put('record', litmusText(recordOf(flags.record), { name: 'record' }));
    return;
  }
  const engine = await loadEngine();
  const progress = new ProgressLine(stderr);
  const counts = freshCounts();
  const options = { seed: flags.seed, count: flags.count, counts, signal: this.signal };
  const parse = (text: string, file: string) => engine.parse({ file, text });
  for await (const { index, record } of generate({ ...options, parse })) {
    const name = testName(flags.seed, index);
    progress.begin(`${counts.kept} of ${flags.count} tests, ${counts.tried} records`);
    put(name, litmusText(record, { name }));
  }
  progress.clear();
  const { kept, tried, duplicate, undefined: undef, unknown } = counts;
  stderr.write(
    `${kept} tests of ${tried} records (${duplicate} with outcomes seen before, ${undef} undefined, ${unknown} beyond a bound)\n`,
  );
  if (this.signal.aborted) this.status = EXIT.interrupted;
}

function recordOf(line: string): TestRecord {
  try {
    const record = parseRecord(line);
    if (!isValid(record)) throw new UsageError(`--record: these things do not go together: ${line}`);
    return record;
  } catch (error) {
    if (error instanceof RecordError) throw new UsageError(`--record: ${error.message}`);
    throw error;
  }
}
