/** From tests to the sources of one module and one program that run them all on a machine. */
import { checkDriver, checkThread } from '../../c/check/program.js';
import { DiagnosticSink } from '../../c/diagnostics.js';
import type { TypedFunction } from '../../c/typed.js';
import type { Facts } from '../../kernel/facts.js';
import { driverEnvironment, threadEnvironment } from '../../litmus/api/index.js';
import type { LitmusTest } from '../../litmus/ast.js';
import { observables } from '../../litmus/observables.js';
import { regionPages } from '../../litmus/region-size.js';
import { compile, type Compiled } from '../../run/boot.js';
import { factsOf } from '../../run/index.js';
import { defaultCondition } from '../../run/invariants.js';
import { driverFiles, driverPart, type DriverPart } from './driver.js';
import { observedGlobals } from './globals.js';
import { isAtEnd, noteText, type ObservedTest } from './observe.js';
import { MACHINE_PTRS, MACHINE_SIZES } from './sizes.js';
import { threadText } from './thread.js';
import { Untranslatable } from './unsupported.js';

export { Untranslatable } from './unsupported.js';

const DRIVERS_A_FILE = 24;
const THREADS_A_FILE = 40;

/** A test as the machine runs it. */
export interface MachineTest {
  readonly test: LitmusTest;
  readonly compiled: Compiled;
  readonly driver: DriverPart;
  /** Threads, observations and the program's description, in C. */
  readonly program: string;
  readonly forks: boolean;
  /** Whether the condition asks for BUG: the machine may not survive it. */
  readonly asksBug: boolean;
  /** Whether the condition asks for a deadlock: its processes never go away. */
  readonly asksDeadlock: boolean;
  readonly mmio: boolean;
}

/** What is built for one kernel. */
export interface Sources {
  readonly module: Readonly<Record<string, string>>;
  readonly program: Readonly<Record<string, string>>;
}

/**
 * Translates one test for an architecture and release.
 * @param id its number among the tests of a machine
 * @throws {Untranslatable} if it cannot be taken to a machine
 * @throws {DiagnosticError} if its C is wrong
 */
export function translate(test: LitmusTest, id: number, arch: string, release: string): MachineTest {
  const facts = factsOf(arch, release);
  refuse(test, facts);
  const compiled = compile(test, facts, 4);
  const name = facts.bitsPerLong === 64 ? 'LP64' : 'ILP32';
  const environment = {
    physAddrTBits: facts.physAddrTBits,
    ptrs: MACHINE_PTRS,
    regions: [...test.memory.regions.map((r) => r.name!), ...test.memory.resources.map((r) => r.name)],
  };
  const sink = new DiagnosticSink(test.source);
  const program = checkDriver(
    test.driver,
    driverEnvironment({ ...environment, model: { name, charSigned: facts.kernelCharSigned } }),
    sink,
  );
  const userSpace = threadEnvironment({ ...environment, model: { name, charSigned: facts.charSigned } });
  const threads = test.threads.map((t) =>
    checkThread({ name: `P${t.index}`, body: t.body, span: t.span }, test.driver, userSpace, sink),
  );
  sink.throwIfErrors();
  const text = programText(test, id, threads, compiled);
  const source = test.source.text;
  const question = source.slice(test.condition?.span.start ?? source.length);
  return {
    test,
    compiled,
    driver: driverPart(test, id, program),
    program: text,
    forks: text.includes('lit_fork('),
    asksBug: /\bbug\s*\(/.test(question),
    asksDeadlock: /\bdeadlock\s*\(/.test(question),
    mmio: test.memory.regions.some((r) => r.kind === 'mmio'),
  };
}

/** Pages of a machine's window of no memory, and the largest block of RAM that a test gets. */
const WINDOW_PAGES = 4096;
const BLOCK_PAGES = 512;

/** xchg() and cmpxchg() of some widths do not link on 32-bit ARM. */
function refuseExchange(test: LitmusTest, facts: Facts): void {
  if (facts.bitsPerLong === 32 && /\b(try_)?(cmp)?xchg\(/.test(test.source.text))
    throw new Untranslatable('xchg() of every width: the architecture has not all of them');
}

/** What of leaves above the PTE level a machine cannot show. */
function refuseLeaves(test: LitmusTest, facts: Facts): void {
  const { text } = test.source;
  if (!/\b(huge_fault|vmf_insert_pfn_p[mu]d)\b/.test(text)) return;
  if (!facts.thp) throw new Untranslatable('huge leaves: the kernel has none');
  if (!facts.hugeFaultOnSpecialVma) throw new Untranslatable('huge leaves: huge_fault has other arguments');
  if (!facts.thpPud && text.includes('vmf_insert_pfn_pud'))
    throw new Untranslatable('huge leaves: the kernel has no vmf_insert_pfn_pud()');
}

/** Flags of GUP that only mm itself may give. */
function refuseFlags(test: LitmusTest): void {
  if (/\bFOLL_(?:DUMP|ANON|FAST_ONLY)\b/.test(test.source.text))
    throw new Untranslatable('flags of GUP that mm keeps to itself');
}

function refuseSizes(test: LitmusTest): void {
  const pages = (kind: string): number =>
    test.memory.regions.reduce((n, r) => n + (r.kind === kind ? regionPages(r, MACHINE_PTRS) : 0), 0);
  if (pages('mmio') > WINDOW_PAGES) throw new Untranslatable('huge leaves: the window is too small');
  if (pages('ram') > BLOCK_PAGES || pages('reserved') > BLOCK_PAGES)
    throw new Untranslatable('huge leaves: so much RAM in one block');
}

/**
 * Memory types: only x86's are read off entries. Up to 6.12 what one test leaves reserved would change the next one's types, and so would a
 * reservation of a driver's that nobody ends, on any kernel.
 */
function refuseMemtypes(test: LitmusTest, facts: Facts): void {
  const { text } = test.source;
  if (/\bmixed_types\s*\(/.test(text)) throw new Untranslatable('memory types of all entries (mixed_types)');
  if (text.includes('arch_io_reserve_memtype_wc'))
    throw new Untranslatable('memory types: the reservation would outlive the test');
  if (!/\bcache\s*\(/.test(text)) return;
  if (!facts.pfnmapTracking) throw new Untranslatable('memory types: only those of x86 entries are read');
  if (facts.trackSetsVmPat) throw new Untranslatable('memory types: this kernel may leave them reserved');
}

function refuse(test: LitmusTest, facts: Facts): void {
  refuseMemtypes(test, facts);
  refuseExchange(test, facts);
  refuseLeaves(test, facts);
  refuseFlags(test);
  refuseSizes(test);
  if (test.memory.regions.some((r) => r.first !== undefined)) throw new Untranslatable('literal pfns');
  if (test.memory.regions.some((r) => r.kind === 'device')) throw new Untranslatable('device memory');
  if (test.memory.threadGroups.length > 0) throw new Untranslatable('threads in one process');
  if (test.memory.faultsAlloc) throw new Untranslatable('failing allocations');
  if (test.memory.options.length > 0) throw new Untranslatable('options of the kernel');
  if (/\bundefined\s*\(/.test(test.source.text)) throw new Untranslatable('undefined behaviour');
  // the member is there only with CONFIG_FIND_NORMAL_PAGE, and under another name before 7.2
  if (/\bfind_(?:normal|special)_page\b/.test(test.source.text)) throw new Untranslatable('find_normal_page');
  const low = test.memory.regions.find((r) => r.placement === 'low' || r.placement === 'io');
  if (low !== undefined) throw new Untranslatable(`mmio ${low.placement}`);
}

function programText(test: LitmusTest, id: number, threads: readonly TypedFunction[], c: Compiled): string {
  const symbol = (thread: number): string => `t${id}_P${thread}`;
  const region = (name: string): string => regionText(test, name);
  const globals = observedGlobals(test);
  const observed: ObservedTest = {
    threads,
    symbol,
    region,
    global: (path) => globals.findIndex((g) => g.path.join('.') === path.join('.')),
    cellBytes: c.lowered.program.cells.find((cell) => cell.offset === 0)!.bytes,
    sizes: MACHINE_SIZES,
  };
  const all = observables([test.filter, (test.condition ?? defaultCondition()).prop]);
  const notes = (end: boolean): string =>
    all
      .filter((o) => isAtEnd(o) === end)
      .map((o) => noteText(o, observed))
      .join('');
  const threadTexts = threads.map((t, i) => threadText(t, { symbol: symbol(i), region }));
  return [
    ...threadTexts,
    pokes(test, id, observed.cellBytes),
    `static void t${id}_state(void)\n{\n${notes(false)}}\nstatic void t${id}_end(void)\n{\n${notes(true)}}`,
    description(
      test,
      id,
      threads.map((_, i) => symbol(i)),
    ),
    '',
  ].join('\n');
}

/** C for the first pfn of a region or resource. */
export function regionText(test: LitmusTest, name: string): string {
  const resource = test.memory.resources.find((r) => r.name === name);
  const at = test.memory.regions.findIndex((r) => r.name === (resource?.region ?? name));
  return resource === undefined ? `lit_region(${at})` : `(lit_region(${at}) + ${resource.first})`;
}

/** Frames of a window of a device keep what the last run left: they are cleared. */
function pokes(test: LitmusTest, id: number, bytes: number): string {
  const { regions, contents } = test.memory;
  const cleared = regions.flatMap((r, at) =>
    r.kind === 'mmio'
      ? `\tfor (int i = 0; i < ${regionPages(r, MACHINE_PTRS)}; i++)\n\t\tlit_poke(${at}, i, 8, 0);\n`
      : [],
  );
  const set = contents.map((c) => {
    const at = regions.findIndex((r) => r.name === c.region);
    return `\tlit_poke(${at}, ${c.index}, ${bytes}, ${BigInt.asUintN(64, c.value)}ULL);\n`;
  });
  return `static void t${id}_poke(void)\n{\n${cleared.join('')}${set.join('')}}`;
}

const KINDS = { ram: 'LIT_RAM', reserved: 'LIT_RESERVED', mmio: 'LIT_MMIO', device: 'LIT_DEVICE' } as const;

function description(test: LitmusTest, id: number, threads: readonly string[]): string {
  const regions = test.memory.regions
    .map((r) => `{ "${r.name}", ${KINDS[r.kind]}, ${regionPages(r, MACHINE_PTRS)} }`)
    .join(', ');
  const { text } = test.source;
  const marks = text.includes('warned(') ? 1 : 0;
  return [
    `const struct lit_program lit_program_${id} = {`,
    `\t.name = "${test.name}", .nthreads = ${threads.length}, .threads = (void (*const[])(void)){ ${threads.join(', ')} },`,
    `\t.nregions = ${test.memory.regions.length}, .regions = (const struct lit_named_region[]){ ${regions} },`,
    `\t.poke = t${id}_poke, .state = t${id}_state, .end = t${id}_end, .marks = ${marks},`,
    '};',
  ].join('\n');
}

/** What every program and every module is made of, beside its tests. */
export const PROGRAM_FILES = [
  ...[
    'lit_init.c',
    'lit_run.c',
    'lit_run.h',
    'lit_sys.c',
    'lit_sys.h',
    'lit_log.c',
    'lit_values.c',
    'lit_abi.h',
  ],
] as const;
export const KERNEL_FILES = [
  ...['lit_abi.h', 'lit_driver.h', 'lit_core.h'],
  ...['lit_memory.c', 'lit_schedule.c', 'lit_observe.c', 'lit_hmm.c', 'lit_devices.c', 'lit_main.c'],
] as const;

/**
 * The sources of a machine's module and program.
 * @param templates the files of `src/replay/machine` by name
 * @param tests each with its number
 */
export function sources(
  templates: Readonly<Record<string, string>>,
  tests: readonly (MachineTest & { readonly id: number })[],
): Sources {
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((n) => [n, templates[n]!]));
  return {
    module: {
      ...pick(KERNEL_FILES),
      ...driverFiles(
        tests.map((t) => ({ ...t.driver, id: t.id })),
        DRIVERS_A_FILE,
      ),
      'tests.c': moduleIndex(tests),
    },
    program: { ...pick(PROGRAM_FILES), ...programFiles(tests) },
  };
}

function moduleIndex(tests: readonly { readonly id: number }[]): string {
  const declared = tests.map((t) => `extern const struct lit_test lit_test_${t.id};`);
  return [
    '#define LIT_CORE',
    '#include "lit_driver.h"',
    ...declared,
    `const struct lit_test *const lit_tests[] = { ${tests.map((t) => `&lit_test_${t.id}`).join(', ')} };`,
    `const unsigned int lit_ntests = ${tests.length};`,
    '',
  ].join('\n');
}

function programFiles(tests: readonly (MachineTest & { readonly id: number })[]): Record<string, string> {
  const files: Record<string, string> = {};
  const head = '#include <string.h>\n#include "lit_run.h"\n';
  for (let i = 0; i < tests.length; i += THREADS_A_FILE) {
    const part = tests.slice(i, i + THREADS_A_FILE).map((t) => t.program);
    files[`threads${i / THREADS_A_FILE}.c`] = head + part.join('\n');
  }
  files['tests.c'] = [
    '#include "lit_run.h"',
    ...tests.map((t) => `extern const struct lit_program lit_program_${t.id};`),
    `const struct lit_program *const lit_programs[] = { ${tests.map((t) => `&lit_program_${t.id}`).join(', ')} };`,
    `const int lit_nprograms = ${tests.length};`,
    '',
  ].join('\n');
  return files;
}
