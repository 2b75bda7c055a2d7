/** Generated tests on a machine: jobs, results from the journal or a boot, and the comparison with the model. */
import { encodeRecord, type TestRecord } from '../../generate/record.js';
import type { LitmusTest } from '../../litmus/ast.js';
import { observables } from '../../litmus/observables.js';
import { compile } from '../../run/boot.js';
import { factsOf } from '../../run/index.js';
import type { RunResult } from '../../run/result.js';
import { bootAll, type Built, type Job } from '../boots.js';
import { machineOutcomes } from '../compare/convert.js';
import type { MachineResult } from '../compare/lines.js';
import { compareRun, type Comparison, type MachineOutcomes, UNKNOWN_REASON } from '../compare/verdict.js';
import type { Difference } from '../differences.js';
import type { Machine, MachineKernel } from '../types.js';
import type { Journal } from './journal.js';

/** A record with its text and what the model says on one configuration; no model where it does not run at all. */
export interface CampaignTest {
  readonly record: TestRecord;
  readonly test: LitmusTest;
  readonly model: RunResult | undefined;
}

/** A record on a machine. */
export interface Compared {
  readonly test: CampaignTest;
  readonly comparison: Comparison;
}

export interface MachineOptions {
  readonly journal: Journal<MachineResult>;
  readonly signal?: AbortSignal;
  readonly onLine?: (line: string) => void;
  /** A test is through. */
  readonly onDone?: () => void;
}

const BOOT_TIMEOUT_MS = 300_000;
const PREEMPTIONS = 1;

/** Runs of a test at most: where the model has one outcome a few choices of frames have to agree, else all are tried. */
function runsOf(test: LitmusTest, model: RunResult): number {
  if (test.threads.length > 1) return 40;
  return model.states > 1 ? 24 : 2;
}

function canEndInBug(model: RunResult): boolean {
  return model.outcomes.some((o) =>
    Object.entries(o.values).some(([r, v]) => r.startsWith('bug.') && v === '1'),
  );
}

/** Differences that are understood, whatever the record is. */
const EXPLAINED = [
  {
    at: /put_page_testzero/,
    explanation:
      'CONFIG_DEBUG_VM of the machine makes BUG of a reference that is given back twice; the model has it off',
    source: 'include/linux/mm.h:put_page_testzero',
  },
];

function explanations({ bug }: MachineOutcomes, test: string, kernel: string): Difference[] {
  return EXPLAINED.filter(({ at }) => at.test(bug?.at ?? '')).map(({ explanation, source }) => ({
    ...{ test, kernels: [kernel], explanation, source },
  }));
}

/** What a machine's init reads behind `record ID `; it is also the key of the result. */
function jobText(record: TestRecord, test: LitmusTest, model: RunResult): string {
  const concurrent = test.threads.length > 1;
  const runs = canEndInBug(model) ? 1 : runsOf(test, model);
  const wanted = concurrent ? model.states : 0;
  return `${runs} ${PREEMPTIONS} ${concurrent ? 0 : 1} ${wanted} ${encodeRecord(record).join(' ')}`;
}

/** Why a test cannot run on a kernel. */
function skipped(kernel: MachineKernel, { record, model }: CampaignTest): string | undefined {
  if (model === undefined) return 'mmap_prepare';
  if (model.observation === 'Undef') return 'undefined behaviour: a machine may do anything';
  if (model.observation === 'Unknown' || !model.exhaustive) return UNKNOWN_REASON;
  if (record.kind === 'mmio' && kernel.mmio === undefined) return 'no memory without struct pages';
  return undefined;
}

/** Runs tests on a machine and compares; what the journal knows is not run again. Less comes back if it was stopped. */
export async function compareOn(
  machine: Machine,
  built: Built,
  tests: readonly CampaignTest[],
  options: MachineOptions,
): Promise<Compared[]> {
  const { journal } = options;
  const keys = tests.map((t) =>
    skipped(machine.kernel, t) === undefined ? jobText(t.record, t.test, t.model!) : undefined,
  );
  const jobs: Job[] = keys.flatMap((key, id) =>
    key === undefined || journal.get(key) !== undefined
      ? []
      : [{ id, line: `record ${id} ${key}`, last: canEndInBug(tests[id]!.model!) }],
  );
  for (let i = jobs.length; i < tests.length; i++) options.onDone?.();
  await bootAll(machine, jobs, built, {
    timeoutMs: BOOT_TIMEOUT_MS,
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    ...(options.onLine === undefined ? {} : { onLine: options.onLine }),
    onResult: (result) => {
      journal.add(keys[result.id]!, result);
      options.onDone?.();
    },
  });
  return tests.flatMap((test, id) => {
    const key = keys[id];
    const result = key === undefined ? undefined : journal.get(key);
    if (key !== undefined && result === undefined && options.signal?.aborted === true) return [];
    return [{ test, comparison: compareOne(machine.kernel, test, result) }];
  });
}

function compareOne(kernel: MachineKernel, t: CampaignTest, result: MachineResult | undefined): Comparison {
  const { test, model } = t;
  const { arch, release, id, version } = kernel;
  const place = { kernel: id, version, file: test.source.file };
  const why = skipped(kernel, t);
  const garbled = result?.outcomes.some(({ text }) => !looksAtAll(text, test)) === true;
  if (why !== undefined || result === undefined || garbled) {
    const reason = why ?? (garbled ? "the kernel's messages cut its outcome" : 'the machine died before');
    return {
      ...place,
      test: test.name,
      arch,
      release,
      status: 'not run',
      reason,
      outcomes: [],
      runs: 0,
      complete: false,
    };
  }
  const compiled = compile(test, factsOf(arch, release), 4);
  const forks = t.record.ops.some(({ name }) => name === 'fork');
  const outcomes = machineOutcomes({ test, machine: { compiled, forks }, result });
  return compareRun(model!, outcomes, place, explanations(outcomes, test.name, id));
}

/**
 * Whether all registers of a test are in an outcome of the machine; not if a message of the kernel stands in its middle.
 * @throws {Error} if the program and the text of the test do not look at the same things: then nothing would be compared
 */
function looksAtAll(text: string, test: LitmusTest): boolean {
  const missing = observables([test.filter, test.condition?.prop]).find(
    ({ register }) => !text.includes(`;${register}=`) && !text.startsWith(`${register}=`),
  );
  if (missing === undefined) return true;
  if (/\[ *\d+\.\d+\]/.test(text)) return false;
  throw new Error(`${test.name}: the machine's program does not look at ${missing.register}`);
}
