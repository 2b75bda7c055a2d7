/** Tables of operations: their initialisers become handlers that the core calls. */
import { didYouMean } from '../../c/suggest.js';
import type { GlobalVariable, TypedFunction } from '../../c/typed.js';
import { handle, HandleKind } from '../../kernel/handle.js';
import type { CFunction, FileOps, VmOps } from '../../kernel/routine.js';
import { DRIVER_FUNCTIONS } from '../api/index.js';
import { isTable } from './layout.js';
import type { Session } from './session.js';

/** Handlers of vm_operations_struct as the machine calls them. find_special_page has become find_normal_page. */
const VM_OPS: Readonly<Record<string, keyof VmOps>> = {
  open: 'open',
  close: 'close',
  may_split: 'maySplit',
  mremap: 'mremap',
  mprotect: 'mprotect',
  fault: 'fault',
  huge_fault: 'hugeFault',
  map_pages: 'mapPages',
  page_mkwrite: 'pageMkwrite',
  pfn_mkwrite: 'pfnMkwrite',
  access: 'access',
  find_special_page: 'findNormalPage',
  find_normal_page: 'findNormalPage',
  mapped: 'mapped',
  may_unmap: 'mayUnmap',
};

const FILE_OPS: Readonly<Record<string, keyof FileOps>> = {
  open: 'open',
  mmap: 'mmap',
  mmap_prepare: 'mmapPrepare',
  get_unmapped_area: 'getUnmappedArea',
  unlocked_ioctl: 'unlockedIoctl',
  release: 'release',
};

/** Number of the first table of a test: 0 is NULL, 1 the core's dummy. */
const FIRST_TABLE = 2;

function tagOf(g: GlobalVariable): string {
  return g.type.kind === 'struct' ? g.type.tag : '';
}

/** `demo` for `struct file_operations demo_fops`. */
export function deviceOf(g: GlobalVariable): string | undefined {
  return tagOf(g) === 'file_operations' ? /^(\w+)_fops$/.exec(g.name)?.[1] : undefined;
}

/** The handlers that a table's initialiser names: member and function. */
export function handlersOf(g: GlobalVariable): readonly { readonly member: string; readonly name: string }[] {
  return g.init.flatMap((e) =>
    e.target.kind === 'member' && e.value.kind === 'function'
      ? [{ member: e.target.field.name, name: e.value.name }]
      : [],
  );
}

/** Numbers the vm_operations_struct tables, so that their addresses are known. */
export function numberTables(session: Session): void {
  let n = FIRST_TABLE;
  for (const g of session.program.globals) {
    if (isTable(g.type) && tagOf(g) === 'vm_operations_struct')
      session.tables.set(g, handle(HandleKind.Ops, n++));
  }
}

/** Compiles what the tables name. */
export function lowerTables(session: Session): { vmOps: (VmOps | undefined)[]; drivers: FileOps[] } {
  const vmOps: (VmOps | undefined)[] = [undefined, { name: 'dummy' }];
  const drivers: FileOps[] = [];
  for (const g of session.program.globals) {
    const tag = tagOf(g);
    if (tag === 'vm_operations_struct') vmOps.push({ name: g.name, ...compiled(session, g, VM_OPS) });
    const device = deviceOf(g);
    if (device !== undefined) drivers.push({ name: device, ...compiled(session, g, FILE_OPS) });
    else if (tag === 'file_operations') {
      session.sink.error('PFN3005', `\`${g.name}\` serves no device`, g.span, {
        expected: 'a name NAME_fops: it serves /dev/NAME',
      });
    }
  }
  return { vmOps, drivers };
}

function compiled(
  session: Session,
  g: GlobalVariable,
  names: Readonly<Record<string, string>>,
): Record<string, CFunction> {
  const table: Record<string, CFunction> = {};
  for (const { member, name } of handlersOf(g)) {
    const source: TypedFunction | undefined = session.program.functions.get(name);
    const key = names[member];
    const handler = Object.hasOwn(DRIVER_FUNCTIONS, name) ? DRIVER_FUNCTIONS[name]!.handler : undefined;
    if (!source && handler !== undefined) {
      if (key !== undefined) table[key] = handler;
    } else if (!source) {
      session.sink.error(
        'PFN3005',
        `\`${name}\` is not defined`,
        g.span,
        didYouMean(name, session.program.functions.keys()),
      );
    } else if (key !== undefined) table[key] = session.compiledFunction(name, true);
  }
  return table;
}
