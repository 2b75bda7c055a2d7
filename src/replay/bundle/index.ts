/**
 * A bundle: one test for one kernel as a directory that others can run. It has the driver as a module, the threads as a program, a
 * script that builds and boots both, and what the model expects; it needs neither pfnmap nor Node.
 */
import type { LitmusTest } from '../../litmus/ast.js';
import type { RunResult } from '../../run/result.js';
import { compareRun, type Comparison, type MachineOutcomes } from '../compare/verdict.js';
import { DIFFERENCES } from '../differences.js';
import type { KernelSpec } from '../kernels/catalogue.js';
import { compilerScript } from '../kernels/compiler.js';
import type { KernelRecord } from '../kernels/record.js';
import { jobLine, PREEMPTIONS, runsFor } from '../session.js';
import { sources, translate, type MachineTest } from '../translate/index.js';
import { questionText } from '../translate/question.js';
import { expectedKtap } from './ktap.js';
import { readmeText } from './readme.js';
import { scriptText } from './script.js';
import { summaryText } from './summary.js';

export interface BundleInput {
  readonly test: LitmusTest;
  readonly model: RunResult;
  readonly spec: KernelSpec;
  /** Absent if the kernel is not set up here. */
  readonly record?: KernelRecord;
  /** The kernel's configuration, if it is at hand. */
  readonly config?: string;
  /** What is recorded of this test on this kernel, and the version of that kernel. */
  readonly recorded?: { readonly outcomes: MachineOutcomes; readonly version: string };
  /** The files of `src/replay/machine`. */
  readonly templates: Readonly<Record<string, string>>;
}

export interface BundleFile {
  readonly path: string;
  readonly text: string;
  readonly executable?: boolean;
}

/**
 * The files of a bundle.
 * @throws {Untranslatable}
 */
export function bundleFiles(input: BundleInput): BundleFile[] {
  const { test, model, spec, record, config, templates } = input;
  const machine = translate(test, 0, spec.arch, spec.release);
  const numbered = { ...machine, id: 0 };
  const recorded = compared(input);
  const options = { runs: () => runsFor(test, model), wanted: () => model.states, preemptions: PREEMPTIONS };
  const window = machine.mmio ? 'window\n' : '';
  const name = test.source.file.replace(/^.*\//, '');
  return [
    { path: 'README', text: readmeText(test, spec, record, config !== undefined) },
    { path: 'summary.txt', text: summaryText({ test, model, kernel: kernelText(spec, record), recorded }) },
    { path: 'expected.ktap', text: expectedKtap(model, recorded) },
    { path: name, text: test.source.text },
    { path: 'kernel.txt', text: kernelFile(spec, record) },
    ...(config === undefined ? [] : [{ path: 'config', text: config }]),
    { path: 'jobs', text: `${window}${jobLine(numbered, options)}\n` },
    { path: 'run.sh', text: scriptText(templates['run.sh']!, test, model, spec), executable: true },
    { path: 'kernel-cc', text: compilerScript('$GCC'), executable: true },
    { path: 'Makefile', text: makefile(spec) },
    ...sourceFiles(numbered, model, templates),
  ];
}

function compared({ test, model, spec, recorded }: BundleInput): Comparison | undefined {
  if (recorded === undefined || recorded.outcomes.hash !== test.hash) return undefined;
  const place = { kernel: spec.id, version: recorded.version, file: test.source.file };
  return compareRun(model, recorded.outcomes, place, DIFFERENCES);
}

function sourceFiles(
  machine: MachineTest & { readonly id: number },
  model: RunResult,
  templates: Readonly<Record<string, string>>,
): BundleFile[] {
  // Alone in its module, a driver keeps its names.
  const alone = { ...machine, driver: { ...machine.driver, alone: true } };
  const { module, program } = sources(templates, [alone]);
  const { 'drivers0.c': driver, ...kernel } = module;
  const { 'threads0.c': threads, ...user } = program;
  const all = {
    ...prefixed('module', {
      ...kernel,
      'driver.c': withoutLines(driver!),
      Kbuild: kbuild([...Object.keys(kernel), 'driver.c']),
    }),
    ...prefixed('program', {
      ...user,
      'threads.c': threadComment(machine.test) + threads!,
      'question.c': questionText(machine, model),
      'lit_ktap.c': templates['lit_ktap.c']!,
      'lit_ktap.h': templates['lit_ktap.h']!,
    }),
  };
  return Object.entries(all).map(([path, text]) => ({ path, text }));
}

function prefixed(directory: string, files: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(Object.entries(files).map(([name, text]) => [`${directory}/${name}`, text]));
}

function withoutLines(text: string): string {
  return text.replace(/^#line .*\n/gm, '');
}

function kbuild(names: readonly string[]): string {
  const objects = names.filter((n) => n.endsWith('.c')).map((n) => n.replace(/\.c$/, '.o'));
  return `obj-m := lit.o\nlit-y := ${objects.sort().join(' ')}\nccflags-y := -I$(src)\n`;
}

/** The threads as they stand in the test, for readers. */
function threadComment(test: LitmusTest): string {
  const own = test.threads.map((t) => test.source.text.slice(t.span.start, t.span.end).trim()).join('\n\n');
  return [
    '/*',
    ' * The threads of the test, in which every system call and every access through a pointer is a step:',
    ' *',
    ...own.split('\n').map((line) => ` * ${line.replaceAll('*/', '* /')}`.trimEnd()),
    ' */',
    '',
  ].join('\n');
}

function kernelText({ id, release }: KernelSpec, record: KernelRecord | undefined): string {
  if (record === undefined) return `Linux ${release}, configured as ${id}`;
  const [image] = record.packages;
  return `${record.version} (${id}; ${image!.name} ${image!.version})`;
}

/** `kernel.txt`: what the kernel is made of. */
function kernelFile(spec: KernelSpec, record: KernelRecord | undefined): string {
  if (record === undefined) return `${kernelText(spec, record)}\n`;
  return [
    `version   ${record.version}`,
    `id        ${spec.id}: the model's ${spec.arch}, ${spec.release}`,
    ...record.packages.map((p) => `package   ${p.name} ${p.version} ${p.architecture} sha256 ${p.sha256}`),
    ...(record.changes ?? []).map((change) => `change    ${change}`),
    `compiler  ${record.compiler}`,
    ...(record.qemu === undefined ? [] : [`emulator  ${record.qemu}`]),
    '',
  ].join('\n');
}

function makefile(spec: KernelSpec): string {
  const arch = spec.kind === 'uml' ? 'um' : spec.platform.make;
  return `# make KDIR=HEADERS [CROSS_COMPILE=PREFIX-] [KCC=COMPILER]: build/module/lit.ko and build/init
KDIR ?= /lib/modules/$(shell uname -r)/build
KCC ?= $(CROSS_COMPILE)gcc
# pahole may be too old for the kernel, and nothing here needs a module's type information
KERNEL := ARCH=${arch} CROSS_COMPILE=$(CROSS_COMPILE) CC=$(KCC) CONFIG_DEBUG_INFO_BTF_MODULES= CONFIG_DEBUG_INFO_BTF=

all: build/module/lit.ko build/init

build/module/lit.ko: $(wildcard module/*)
	rm -rf build/module
	mkdir -p build
	cp -r module build
	$(MAKE) -C $(KDIR) M=$(CURDIR)/build/module $(KERNEL) modules
	$(CROSS_COMPILE)strip -g $@

build/init: $(wildcard program/*)
	mkdir -p build
	$(CROSS_COMPILE)gcc -static -O1 -std=gnu11 -D_GNU_SOURCE= -D_FILE_OFFSET_BITS=64 -Wall -Iprogram -o $@ program/*.c
	$(CROSS_COMPILE)strip $@

clean:
	rm -rf build

.PHONY: all clean
`;
}
