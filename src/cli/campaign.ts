import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheRoot, contentHash } from '../replay/cache.js';
import { campaign, type CampaignProgress, type CampaignResult } from '../replay/campaign/index.js';
import { comparedText, minimisedTest, minimisedText } from '../replay/campaign/report.js';
import { BuildError } from '../replay/kernels/toolchain.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { EXIT, UsageError } from './exit.js';
import { ProgressLine } from './progress.js';
import { machines, templates } from './replay.js';

/** The options of `pfnmap campaign`, parsed. */
export interface CampaignFlags {
  readonly seed: number;
  readonly count: number;
  readonly kernel?: readonly string[];
  readonly out?: string;
  readonly verbose: boolean;
}

/** One kernel with a special bit, one without. */
const KERNELS = ['um-7.2', 'amd64-7.2'];

/** `pfnmap campaign` */
export async function campaignCommand(this: Context, flags: CampaignFlags): Promise<void> {
  const { stdout, stderr } = this.process;
  const engine = await loadEngine();
  const { ready, missing } = await machines({ kernel: flags.kernel ?? KERNELS, accel: 'auto' });
  if (ready.length === 0) throw new UsageError(`no kernel is set up: run 'npm run replay:setup'`);
  for (const id of missing) stderr.write(`${id}: not set up\n`);
  const directory = join(cacheRoot(this.env), 'campaign');
  const version = contentHash(readFileSync(fileURLToPath(import.meta.url)));
  dropOldModels(directory, version);
  const began = performance.now();
  const told = teller(new ProgressLine(stderr), flags.count, (line) => stderr.write(line));
  const running = campaign({
    ...{ seed: flags.seed, count: flags.count, machines: ready, templates: templates(), directory, version },
    parse: (text, file) => engine.parse({ file, text }),
    signal: this.signal,
    onProgress: told.progress,
    onCompared: (found) => {
      told.end();
      stdout.write(comparedText(found));
    },
    ...(flags.verbose ? { onLine: (kernel, line) => void stderr.write(`${kernel}| ${line}\n`) } : {}),
  });
  const result = await running.catch((error: unknown) => {
    if (!(error instanceof BuildError)) throw error;
    stderr.write(`${error.message}\n`);
    return undefined;
  });
  told.end();
  // as of 'replay': what a machine cannot build is no agreement
  if (result === undefined) {
    this.status = EXIT.differs;
    return;
  }
  stdout.write(minimisedText(result));
  const files = writeTests(result, resolve(this.cwd, flags.out ?? join(directory, `seed-${flags.seed}`)));
  for (const file of files) stdout.write(`${file}\n`);
  stderr.write(`${((performance.now() - began) / 1000).toFixed(0)} s\n`);
  const differs = [...result.compared.values()].flat().some((c) => c.comparison.status === 'differs');
  this.status = result.interrupted ? EXIT.interrupted : differs ? EXIT.differs : EXIT.ok;
}

/** What another build's model said is of no use. */
function dropOldModels(directory: string, version: string): void {
  mkdirSync(directory, { recursive: true });
  for (const name of readdirSync(directory))
    if (/^model-\w+\.jsonl$/.test(name) && name !== `model-${version}.jsonl`) rmSync(join(directory, name));
}

/** A line on a terminal; in a file or a pipe one each half minute. */
function teller(line: ProgressLine, count: number, write: (text: string) => void) {
  let last = performance.now();
  return {
    progress({ phase, counts, done }: CampaignProgress): void {
      const machines = [...done].map(([id, n]) => `${id} ${n}`).join(', ');
      const text = `${phase}: ${counts.kept} of ${count} tests made of ${counts.tried} records; through: ${machines}`;
      line.begin(text);
      if (performance.now() - last < 30_000) return;
      last = performance.now();
      write(`${text}\n`);
    },
    end: (): void => line.clear(),
  };
}

function writeTests(result: CampaignResult, directory: string): string[] {
  if (result.minimised.length > 0) mkdirSync(directory, { recursive: true });
  const texts = new Map<string, string>();
  for (const one of result.minimised) {
    const { kernel } = one.smallest.comparison;
    const name = `campaign-${kernel.replaceAll('.', '')}-${one.found.test.test.name}`;
    texts.set(name, minimisedTest(one, name));
  }
  return [...texts].map(([name, text]) => {
    const file = join(directory, `${name}.litmus`);
    writeFileSync(file, text);
    return file;
  });
}
