/** Boots a machine with a list of jobs until each has run. */
import { readFile } from 'node:fs/promises';
import { ConsoleReader, type MachineResult } from './compare/lines.js';
import type { Sources } from './translate/index.js';
import type { BootFile, Machine } from './types.js';

/** One test that a machine is to run. */
export interface Job {
  readonly id: number;
  /** As the machine's init reads it (`machine/lit_run.c`). */
  readonly line: string;
  /** It may end in BUG: whatever runs after it runs on a damaged machine. */
  readonly last: boolean;
}

/** What a boot needs beside its jobs. */
export interface Built {
  readonly init: Uint8Array;
  readonly module: Uint8Array;
}

export interface BootsOptions {
  /** Wall-clock limit of a boot in milliseconds. */
  readonly timeoutMs: number;
  readonly onLine?: (line: string) => void;
  /** Called for each job as soon as it is done. */
  readonly onResult?: (result: MachineResult) => void;
  /** Ends the boot that runs, and begins no other. */
  readonly signal?: AbortSignal;
}

/** Longest silence of a machine that runs a test, in milliseconds: a run has eight seconds and says something at its end. */
const SILENT_MS = 40_000;

/** A machine that keeps dying is given up after so many boots in vain. */
const BOOTS_IN_VAIN = 3;

/** @throws BuildError */
export async function build({ toolchain }: Machine, { module, program }: Sources): Promise<Built> {
  const ko = await toolchain.buildModule(module, 'lit');
  const init = await toolchain.buildProgram(program, 'init');
  return { module: await readFile(ko), init: await readFile(init) };
}

/** The results by the numbers of the jobs; those that are missing the machine did not live to run. */
export async function bootAll(
  machine: Machine,
  jobs: readonly Job[],
  built: Built,
  options: BootsOptions,
): Promise<Map<number, MachineResult>> {
  const results = new Map<number, MachineResult>();
  let left = [...jobs.filter((j) => !j.last), ...jobs.filter((j) => j.last)];
  let vain = 0;
  const suspects = new Set<number>();
  const stopped = (): boolean => options.signal?.aborted === true;
  while (left.length > 0 && vain < BOOTS_IN_VAIN && !stopped()) {
    const reader = new ConsoleReader(options.onResult);
    await machine.boot.run(files(machine, left, built), {
      timeoutMs: options.timeoutMs,
      silentMs: SILENT_MS,
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLine: (line) => {
        options.onLine?.(line);
        reader.line(line);
      },
    });
    if (stopped()) break;
    const before = left.length;
    const silent = reader.silent;
    // an emulator may stop for reasons of its own: a test at which it falls silent is tried once more
    if (silent !== undefined && !suspects.has(silent)) {
      suspects.add(silent);
      reader.results.delete(silent);
      vain--;
    } else reader.over();
    for (const [id, result] of reader.results) results.set(id, result);
    left = left.filter((j) => !results.has(j.id));
    if (left.length === before) vain++;
    if (reader.error !== undefined) throw new Error(`${machine.kernel.id}: ${reader.error}`);
  }
  return results;
}

function files({ kernel }: Machine, jobs: readonly Job[], built: Built): BootFile[] {
  const window = kernel.mmio === undefined ? '' : `mmio ${kernel.mmio[0].toString(16)} ${kernel.mmio[1]}\n`;
  const lines = jobs.map(({ line }) => `${line}\n`);
  return [
    { path: 'init', data: built.init },
    { path: 'lit.ko', data: built.module, mode: 0o644 },
    { path: 'jobs', data: new TextEncoder().encode(window + lines.join('')), mode: 0o644 },
    { path: 'dev/.keep', data: new Uint8Array(), mode: 0o644 },
  ];
}
