/**
 * Drivers become kernel C. Their text stays as it is: several share a translation unit because the preprocessor gives the names
 * at file scope a prefix, and what stands around the text tells the module about devices, regions and globals.
 */
import type { TopLevel } from '../../c/ast.js';
import type { GlobalVariable, TypedProgram } from '../../c/typed.js';
import { DRIVER_FUNCTIONS } from '../../litmus/api/index.js';
import type { LitmusTest } from '../../litmus/ast.js';
import { regionPages } from '../../litmus/region-size.js';
import { observedGlobals } from './globals.js';
import { MACHINE_PTRS } from './sizes.js';

/** Words that headers and driver use as a tag or a member too: the preprocessor cannot tell them from a global. */
const SHARED_WORDS: ReadonlySet<string> = new Set([
  ...[
    'page',
    'file',
    'inode',
    'vma',
    'vmf',
    'mutex',
    'lock',
    'flags',
    'mm',
    'device',
    'module',
    'data',
    'mapping',
  ],
  ...[
    'address',
    'pgoff',
    'open',
    'close',
    'fault',
    'mmap',
    'release',
    'name',
    'list',
    'next',
    'prev',
    'count',
  ],
  ...['index', 'private', 'owner', 'size', 'start', 'end', 'state', 'head', 'pages', 'read', 'write', 'dev'],
]);

/** A driver with what the module has to know about it. */
export interface DriverPart {
  /** Names at file scope. */
  readonly names: readonly string[];
  /** Whether it has to be a translation unit of its own. */
  readonly alone: boolean;
  /** C, without the renaming. */
  readonly text: string;
}

function nameOf(item: TopLevel): string[] {
  switch (item.kind) {
    case 'declaration':
    case 'function':
    case 'typedef':
      return [item.name];
    case 'macro':
      return item.name.startsWith('DEFINE_') || item.name.startsWith('DECLARE_')
        ? item.args.flatMap((a) => (a.kind === 'name' ? [a.name] : []))
        : [];
    case 'type':
      return [];
  }
}

/** Enumerators and tags: they would clash between drivers, so a driver with some stays alone. */
function declaresTypes(test: LitmusTest): boolean {
  return test.driver.items.some((i) => i.kind === 'type') || test.driver.macros.size > 0;
}

function isOf(g: GlobalVariable, tag: string): boolean {
  return g.type.kind === 'struct' && g.type.tag === tag;
}

/**
 * Wraps the driver of a test.
 * @param id the test's number: `lit_test_12` is its description
 */
export function driverPart(test: LitmusTest, id: number, program: TypedProgram): DriverPart {
  const names = [...new Set([...test.driver.items.flatMap(nameOf), ...regionNames(test)])];
  const { span } = test.driver;
  const text = test.source.text;
  const line = text.slice(0, span.start).split('\n').length;
  const file = test.source.file.replace(/^.*\//, '');
  return {
    names,
    alone: names.some((n) => SHARED_WORDS.has(n) || n in DRIVER_FUNCTIONS) || declaresTypes(test),
    text: [
      ...regionNames(test).map((r) => `static unsigned long ${r};`),
      `#line ${line} "${file}"`,
      text.slice(span.start, span.end),
      `#line 1 "around-${file}"`,
      tables(test, id, program),
    ].join('\n'),
  };
}

/** Regions, and resources as further names of frames inside them. */
function regionNames(test: LitmusTest): string[] {
  const { regions, resources } = test.memory;
  return [...regions.flatMap((r) => r.name ?? []), ...resources.map((r) => r.name)];
}

const KINDS = { ram: 'LIT_RAM', reserved: 'LIT_RESERVED', mmio: 'LIT_MMIO', device: 'LIT_DEVICE' } as const;

function tables(test: LitmusTest, id: number, program: TypedProgram): string {
  const devices = program.globals
    .filter((g) => isOf(g, 'file_operations') && g.name.endsWith('_fops'))
    .map((g) => `\t{ "${g.name.slice(0, -'_fops'.length)}", &${g.name} },`);
  const regions = test.memory.regions.map(
    (r) => `\t{ &${r.name}, ${KINDS[r.kind]}, ${regionPages(r, MACHINE_PTRS)} },`,
  );
  const resets = program.globals
    .filter((g) => !g.const && !g.name.includes('.'))
    .map((g) => `\t{ (void *)&${g.name}, sizeof ${g.name}, true, false },`);
  const observed = observedGlobals(test).map(
    ({ text }) => `\t{ (void *)&${text}, sizeof ${text}, false, (typeof(${text}))-1 < (typeof(${text}))1 },`,
  );
  const list = (type: string, name: string, rows: readonly string[]): string =>
    `static const struct ${type} lit_${name}_${id}[] = {\n${rows.map((r) => `${r}\n`).join('')}\t{ }\n};`;
  return [
    list('lit_device', 'devices', devices),
    list('lit_region', 'regions', regions),
    list('lit_global', 'resets', resets),
    list('lit_global', 'observed', observed),
    `const struct lit_test lit_test_${id} = {`,
    `\t.name = "${test.name}", .devices = lit_devices_${id}, .regions = lit_regions_${id},`,
    `\t.resets = lit_resets_${id}, .observed = lit_observed_${id},`,
    ...(program.init === undefined ? [] : [`\t.init = ${program.init},`]),
    ...(program.exit === undefined ? [] : [`\t.exit = ${program.exit},`]),
    '};',
    `extern const struct lit_test lit_test_${id};`,
  ].join('\n');
}

/** Translation units of at most `most` drivers each. @returns C by file name */
export function driverFiles(
  parts: readonly (DriverPart & { readonly id: number })[],
  most: number,
): Record<string, string> {
  const files: Record<string, string> = {};
  const together = parts.filter((p) => !p.alone);
  const groups = parts.filter((p) => p.alone).map((p) => [p]);
  for (let i = 0; i < together.length; i += most) groups.push(together.slice(i, i + most));
  groups.forEach((group, n) => {
    files[`drivers${n}.c`] = ['#include "lit_driver.h"', ...group.map(renamed), ''].join('\n');
  });
  return files;
}

function renamed(part: DriverPart & { readonly id: number }): string {
  if (part.alone) return part.text;
  return [
    ...part.names.map((n) => `#define ${n} lit${part.id}_${n}`),
    part.text,
    ...part.names.map((n) => `#undef ${n}`),
  ].join('\n');
}
