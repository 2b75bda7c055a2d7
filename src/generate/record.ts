/**
 * A small test as data: how a mapping is made, and what is done with it. One record is a litmus test (text.ts) and a line of numbers that
 * an interpreting driver and program read on a real kernel (`src/replay/machine/lit_record.c`). The values of a field and the
 * operations stand in the order of their simplicity: a smaller number is a simpler test.
 */

/** What a record says about the mapping, by field, in the order of the line of data. */
export const FIELDS = {
  /** Memory that is mapped: RAM that the allocator never hands out, frames without struct page, a page that the driver allocates. */
  kind: ['reserved', 'mmio', 'ram'],
  /** Length of the mapping. */
  pages: ['one', 'two'],
  share: ['private', 'shared'],
  prot: ['read', 'write'],
  fd: ['rdwr', 'rdonly'],
  /** VMA flags that the driver sets itself before it maps anything. */
  flags: ['none', 'pfnmap', 'mixedmap', 'io_pfnmap', 'pfnmap_dontcopy', 'io', 'both'],
  /** Where the driver maps: in ->mmap, in ->fault, or by an action of 7.2's ->mmap_prepare. */
  place: ['mmap', 'fault', 'prepare'],
  /** `page`: the handler returns the page. */
  call: ['remap', 'remap_first', 'insert_pfn', 'insert_mixed', 'insert_page', 'page'],
  /** Offset that the program gives to mmap(): 0, the frame that is mapped first, or a free frame. */
  pgoff: ['zero', 'linear', 'free'],
  /** One more thing that the driver does. */
  extra: ['nothing', 'clear_maywrite', 'restore_pgoff', 'zap', 'pfn_mkwrite'],
  /** What a second process makes the driver do meanwhile: unmap_mapping_range() without and with copies, give its page back. */
  rival: ['none', 'unmap', 'unmap_cows', 'free'],
} as const;

export type Field = keyof typeof FIELDS;
export type FieldValue<F extends Field> = (typeof FIELDS)[F][number];
export const FIELD_NAMES = Object.keys(FIELDS) as readonly Field[];

/** The operations with their arguments. */
export const OPERATIONS = {
  load: ['first', 'second'],
  store: ['first', 'second'],
  /** Who goes on: the child, the parent, or both. */
  fork: ['child', 'parent', 'both'],
  munmap: ['first', 'second', 'all'],
  mprotect: ['read', 'write', 'none'],
  mremap: ['move', 'shrink', 'grow', 'dontunmap'],
  madvise: ['dontneed', 'dontfork', 'dofork', 'populate_read', 'populate_write', 'wipeonfork'],
  /** unmap_mapping_range() through the driver, without and with private copies. */
  unmap: ['keep_cows', 'even_cows'],
  /** The driver gives its page back. */
  free: ['page'],
  gup: ['read', 'write', 'force', 'longterm'],
  /** Users of GUP and readers of /proc. */
  look: ['pagemap', 'procmem', 'follow_pfnmap', 'vmsplice', 'smaps'],
  mlock: ['all'],
  exit: ['now'],
} as const;

export type OperationName = keyof typeof OPERATIONS;
export const OPERATION_NAMES = Object.keys(OPERATIONS) as readonly OperationName[];

/** One operation of the program. */
export type Operation = {
  readonly [N in OperationName]: { readonly name: N; readonly arg: (typeof OPERATIONS)[N][number] };
}[OperationName];

/** Every operation with every argument, the simplest first. */
export const ALL_OPERATIONS: readonly Operation[] = OPERATION_NAMES.flatMap((name) =>
  OPERATIONS[name].map((arg) => ({ name, arg }) as Operation),
);

/** Operations of a record at most. */
export const MAX_OPERATIONS = 3;

export type TestRecord = { readonly [F in Field]: FieldValue<F> } & { readonly ops: readonly Operation[] };

/** Numbers of a line of data: the fields, the number of operations, and two numbers for each that there may be. */
export const DATA_LENGTH = FIELD_NAMES.length + 1 + 2 * MAX_OPERATIONS;

/** The record as numbers, for a machine. */
export function encodeRecord(record: TestRecord): number[] {
  const fields = FIELD_NAMES.map((f) => (FIELDS[f] as readonly string[]).indexOf(record[f]));
  const ops = record.ops.flatMap(({ name, arg }) => [
    OPERATION_NAMES.indexOf(name),
    (OPERATIONS[name] as readonly string[]).indexOf(arg),
  ]);
  const rest = Array.from({ length: 2 * (MAX_OPERATIONS - record.ops.length) }, () => 0);
  return [...fields, record.ops.length, ...ops, ...rest];
}

/** A line of data that is no record; the message says which number is wrong, and what it may be. */
export class RecordError extends Error {
  override readonly name = 'RecordError';
}

/**
 * The record that numbers stand for.
 * @throws RecordError
 */
export function decodeRecord(data: readonly number[]): TestRecord {
  if (data.length !== DATA_LENGTH)
    throw new RecordError(`${data.length} numbers; a record has ${DATA_LENGTH}`);
  const fields = FIELD_NAMES.map((f, i) => [f, pick(FIELDS[f], data[i]!, i, f)] as const);
  const at = FIELD_NAMES.length;
  const n = data[at]!;
  if (!(Number.isInteger(n) && n >= 0 && n <= MAX_OPERATIONS))
    throw new RecordError(`number ${at + 1}: ${n} operations; expected 0 to ${MAX_OPERATIONS}`);
  const ops = Array.from({ length: n }, (_, k) => {
    const i = at + 1 + 2 * k;
    const name = pick(OPERATION_NAMES, data[i]!, i, 'operation');
    return { name, arg: pick(OPERATIONS[name] as readonly string[], data[i + 1]!, i + 1, name) } as Operation;
  });
  for (let i = at + 1 + 2 * n; i < DATA_LENGTH; i++)
    if (data[i] !== 0)
      throw new RecordError(`number ${i + 1}: ${data[i]} behind the last operation; expected 0`);
  return { ...Object.fromEntries(fields), ops } as unknown as TestRecord;
}

function pick<T>(values: readonly T[], n: number, at: number, what: string): T {
  const value = Number.isInteger(n) ? values[n] : undefined;
  if (value === undefined)
    throw new RecordError(`number ${at + 1}: ${n} is no ${what}; expected 0 to ${values.length - 1}`);
  return value;
}

/**
 * Reads a line of data: numbers with blanks or commas between them.
 * @throws RecordError
 */
export function parseRecord(line: string): TestRecord {
  const words = line.split(/[\s,]+/).filter((word) => word !== '');
  words.forEach((word, i) => {
    if (!/^\d{1,6}$/.test(word)) throw new RecordError(`number ${i + 1}: '${word}' is no number`);
  });
  return decodeRecord(words.map(Number));
}

/** The record in words: what differs from the simplest test, then the operations. */
export function describeRecord(record: TestRecord): string {
  const fields = FIELD_NAMES.map((f) => `${f}=${record[f]}`);
  return `${fields.join(' ')}: ${record.ops.map(({ name, arg }) => `${name} ${arg}`).join('; ') || 'nothing more'}`;
}

export function pagesOf(record: TestRecord): number {
  return record.pages === 'one' ? 1 : 2;
}

/** The record has an operation of this name, with this argument if one is given. */
export function hasOperation(record: TestRecord, name: OperationName, arg?: string): boolean {
  return record.ops.some((op) => op.name === name && (arg === undefined || op.arg === arg));
}
