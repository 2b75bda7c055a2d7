/** The module and the program that interpret records: one of each, whatever the tests are. */
import { FLAG_TEXTS, IOCTLS } from '../../generate/driver.js';
import { FIELD_NAMES, FIELDS, OPERATION_NAMES, OPERATIONS } from '../../generate/record.js';
import { firstContents, LOOKED_AT } from '../../generate/text.js';
import { FREE_FRAME, MOVED_TO, POOL_PAGES } from '../../generate/threads.js';
import { VMA_FLAG_NAMES } from '../../litmus/observers.js';
import { KERNEL_FILES, PROGRAM_FILES, type Sources } from '../translate/index.js';

function enumeration(prefix: string, names: readonly string[]): string {
  return `enum { ${names.map((n) => `LIT_${prefix}_${n}`.toUpperCase()).join(', ')} };\n`;
}

/** The numbers of a record, for C. */
export function recordHeader(): string {
  const looked = LOOKED_AT.map((name) => `{ "${name}", ${VMA_FLAG_NAMES.indexOf(name)} }`);
  const flags = FIELDS.flags.map((name) => FLAG_TEXTS[name] || '0');
  return [
    '/* SPDX-License-Identifier: MIT */\n#ifndef LIT_RECORD_H\n#define LIT_RECORD_H\n',
    enumeration('F', [...FIELD_NAMES, 'count', 'ops']),
    ...FIELD_NAMES.map((f) => enumeration(f, FIELDS[f])),
    enumeration('OP', OPERATION_NAMES),
    ...OPERATION_NAMES.map((name) => enumeration(name, OPERATIONS[name])),
    `#define LIT_FLAG_VALUES { ${flags.join(', ')} }\n`,
    `#define LIT_LOOKED_AT { ${looked.join(', ')} }\n`,
    `#define LIT_POOL_PAGES ${POOL_PAGES}\n#define LIT_FREE_FRAME ${FREE_FRAME}\n#define LIT_MOVED_TO ${MOVED_TO}\n`,
    `#define LIT_FIRST_CONTENTS ${firstContents(0)}\n`,
    `#define LIT_IOCTL_UNMAP ${IOCTLS.unmap}\n#define LIT_IOCTL_UNMAP_COWS ${IOCTLS.unmap_cows}\n`,
    `#define LIT_IOCTL_FREE ${IOCTLS.free}\n`,
    '#define LIT_IS(field, value) (lit_data[LIT_F_##field] == LIT_##field##_##value)\n',
    '#define LIT_PAGES (lit_data[LIT_F_PAGES] + 1)\n#endif\n',
  ].join('');
}

/** @param templates the files of `src/replay/machine` by name */
export function interpreterSources(templates: Readonly<Record<string, string>>): Sources {
  const pick = (names: readonly string[]): Record<string, string> =>
    Object.fromEntries(names.map((n) => [n, templates[n]!]));
  const header = { 'lit_record.h': recordHeader() };
  return {
    module: { ...pick([...KERNEL_FILES, 'lit_record.c']), ...header },
    program: { ...pick([...PROGRAM_FILES, 'lit_play.c']), ...header },
  };
}
