import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ARCH_NAMES, archNamed } from '../kernel/arch/index.js';
import { FactError, type FactOverrides, factsFor } from '../kernel/facts.js';
import { type Release, RELEASES } from '../kernel/release.js';
import { createReport, type Format } from '../report/index.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { UsageError } from './exit.js';
import { findTests } from './files.js';
import { type Configuration, configurations } from './options.js';
import { ProgressLine } from './progress.js';
import { Session } from './session.js';
import { useColor } from './terminal.js';

/** The options of `pfnmap run`, parsed. */
export interface RunFlags {
  readonly arch?: readonly string[];
  readonly release?: readonly string[];
  readonly all: boolean;
  readonly fact?: readonly (readonly [string, string])[];
  readonly ptrs?: number;
  readonly format: Format;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly maxStates?: number;
  readonly witness: boolean;
}

/** Overrides that name no fact are a mistake of the command line, not of a test. */
function checkFacts(facts: FactOverrides, chosen: readonly Configuration[]): void {
  try {
    for (const { arch, release } of chosen) factsFor(archNamed(arch)!, release as Release, facts);
  } catch (error) {
    if (!(error instanceof FactError)) throw error;
    const near = error.near.length > 0 ? `; did you mean '${error.near[0]}'?` : '';
    throw new UsageError(`--fact: ${error.message}${near}\n  'pfnmap list facts' lists them`);
  }
}

/** `pfnmap run FILE|DIR...` */
export async function runCommand(this: Context, flags: RunFlags, ...paths: string[]): Promise<void> {
  const { stdout, stderr } = this.process;
  const chosen = configurations(flags, { archs: ARCH_NAMES, releases: RELEASES });
  const facts = Object.fromEntries(flags.fact ?? []);
  checkFacts(facts, chosen);
  const session = new Session({
    configurations: chosen,
    files: findTests(paths, this.cwd),
    engine: await loadEngine(),
    common: {
      facts,
      ...(flags.ptrs !== undefined && { ptrs: flags.ptrs }),
      ...(flags.timeout !== undefined && { timeoutMs: flags.timeout }),
      ...(flags.maxStates !== undefined && { maxStates: flags.maxStates }),
      witness: flags.witness,
    },
    report: createReport(flags.format),
    stdout,
    stderr,
    color: useColor(stderr, this.env),
    debug: Boolean(this.env['PFNMAP_DEBUG']),
    progress: new ProgressLine(stderr),
    signal: this.signal,
    read: (file) => readFileSync(resolve(this.cwd, file), 'utf8'),
  });
  this.status = await session.run();
}
