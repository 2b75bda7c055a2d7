/** Boots a machine with a list of jobs until each has run. */
import { readFile } from 'node:fs/promises';
import { ConsoleReader, type MachineResult } from './compare/lines.js';
import { SelftestReader } from './selftest/console.js';
import type { Sources } from './translate/index.js';
import type { BootFile, Machine } from './types.js';

/** One test that a machine is to run. */
export interface Job {
  readonly id: number;
  /** As the machine's init reads it (`machine/lit_init.c`). */
  readonly line: string;
  /** It may end in BUG: whatever runs after it runs on a damaged machine. */
  readonly last: boolean;
}

/** What a boot needs beside its jobs. */
export interface Built {
  readonly init: Uint8Array;
  readonly module: Uint8Array;
  /** The kernel's own selftest, to run in the same boots. */
  readonly selftest?: Uint8Array | undefined;
}

export interface BootsOptions {
  /** Wall-clock limit of a boot in milliseconds. */
  readonly timeoutMs: number;
  readonly onLine?: (line: string) => void;
  /** Called for each job as soon as it is done. */
  readonly onResult?: (result: MachineResult) => void;
  /** Called with what the selftest printed. */
  readonly onSelftest?: (lines: readonly string[]) => void;
  /** Ends the boot that runs, and begins no other. */
  readonly signal?: AbortSignal;
}

/** Longest silence of a machine that runs a test, in milliseconds: a run has eight seconds and says something at its end. */
const SILENT_MS = 40_000;

/** The same while a machine boots, which says nothing until it is up: on a busy host that takes its time. */
const BOOT_SILENT_MS = 150_000;

/** The same after a BUG or an oops, which init sees at once: a machine that has no more to say died of it. */
const HURT_MS = 8000;

/** A machine that keeps dying is given up after so many boots in vain. */
const BOOTS_IN_VAIN = 3;

function patience({ version, hurt }: ConsoleReader): number {
  if (version === '') return BOOT_SILENT_MS;
  return hurt ? HURT_MS : SILENT_MS;
}

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
  let asks = built.selftest !== undefined;
  let vain = 0;
  const suspects = new Set<number>();
  const stopped = (): boolean => options.signal?.aborted === true;
  while ((left.length > 0 || asks) && vain < BOOTS_IN_VAIN && !stopped()) {
    const reader = new ConsoleReader(options.onResult);
    const selftest = new SelftestReader();
    await machine.boot.run(files(machine, left, asks ? built : { ...built, selftest: undefined }), {
      timeoutMs: options.timeoutMs,
      silentMs: () => patience(reader),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
      onLine: (line) => {
        options.onLine?.(line);
        reader.line(line);
        selftest.line(line);
      },
    });
    if (stopped()) break;
    const before = left.length;
    const silent = reader.silent;
    // an emulator may stop for reasons of its own, and a kernel on ARM after a BUG: a test at which it falls silent is tried once more
    if (silent !== undefined && !suspects.has(silent)) {
      suspects.add(silent);
      reader.results.delete(silent);
      vain--;
    } else reader.over();
    for (const [id, result] of reader.results) results.set(id, result);
    left = left.filter((j) => !results.has(j.id));
    if (selftest.begun) {
      asks = false;
      options.onSelftest?.(selftest.lines);
    } else if (left.length === before) vain++;
    if (reader.error !== undefined) throw new Error(`${machine.kernel.id}: ${reader.error}`);
  }
  return results;
}

function files({ kernel }: Machine, jobs: readonly Job[], built: Built): BootFile[] {
  const { selftest } = built;
  const window = kernel.mmio === undefined ? [] : [`mmio ${kernel.mmio[0].toString(16)} ${kernel.mmio[1]}`];
  const of = (last: boolean): string[] => jobs.filter((j) => j.last === last).map(({ line }) => line);
  // what may end the machine comes after all else
  const lines = [...window, ...of(false), ...(selftest === undefined ? [] : ['selftest']), ...of(true)];
  return [
    { path: 'init', data: built.init },
    { path: 'lit.ko', data: built.module, mode: 0o644 },
    ...(selftest === undefined ? [] : [{ path: 'selftest', data: selftest }]),
    { path: 'jobs', data: new TextEncoder().encode(lines.map((l) => `${l}\n`).join('')), mode: 0o644 },
    { path: 'dev/.keep', data: new Uint8Array(), mode: 0o644 },
  ];
}
