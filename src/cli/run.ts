import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { ARCH_NAMES } from '../kernel/arch/index.js';
import type { parseFact } from '../kernel/facts.js';
import { RELEASES } from '../kernel/release.js';
import { createReport, type Format } from '../report/index.js';
import type { Context } from './context.js';
import { loadEngine } from './engine.js';
import { findTests } from './files.js';
import { configurations } from './options.js';
import { ProgressLine } from './progress.js';
import { Session } from './session.js';
import { useColor } from './terminal.js';

/** The options of `pfnmap run`, parsed. */
export interface RunFlags {
  readonly arch?: readonly string[];
  readonly release?: readonly string[];
  readonly all: boolean;
  readonly fact?: readonly ReturnType<typeof parseFact>[];
  readonly ptrs?: number;
  readonly format: Format;
  /** In milliseconds. */
  readonly timeout?: number;
  readonly maxStates?: number;
  readonly witness: boolean;
}

/** `pfnmap run FILE|DIR...` */
export async function runCommand(this: Context, flags: RunFlags, ...paths: string[]): Promise<void> {
  const { stdout, stderr } = this.process;
  const chosen = configurations(flags, { archs: ARCH_NAMES, releases: RELEASES });
  const facts = Object.fromEntries(flags.fact ?? []);
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
