/** A small kernel for tests of the C front end: enough API to write drivers and threads. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { DiagnosticError, DiagnosticSink, type Source } from '../../src/c/diagnostics.js';
import type {
  Environment,
  ExternalConstant,
  ExternalFunction,
  ExternalStruct,
  FileScopeMacro,
} from '../../src/c/environment.js';
import { loadGrammar, type Grammar } from '../../src/c/grammar.js';
import { parseDriver, parseThread } from '../../src/c/parse.js';
import { checkDriver, checkThread } from '../../src/c/check/program.js';
import type { TypedFunction, TypedProgram } from '../../src/c/typed.js';
import { pointerTo, INT, ULLONG, VOID, type DataModel } from '../../src/c/types.js';

export const LP64: DataModel = { name: 'LP64', charSigned: true };
export const ILP32: DataModel = { name: 'ILP32', charSigned: false };

let loaded: Promise<Grammar> | undefined;

/** The grammar, loaded once a process. */
export function grammar(): Promise<Grammar> {
  const require = createRequire(import.meta.url);
  const read = (name: string): Uint8Array => readFileSync(require.resolve(name));
  return (loaded ??= loadGrammar(
    read('web-tree-sitter/web-tree-sitter.wasm'),
    read('tree-sitter-c/tree-sitter-c.wasm'),
  ));
}

const prototypes = `
int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn, unsigned long size, pgprot_t prot)
vm_fault_t vmf_insert_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long pfn)
pgprot_t pgprot_noncached(pgprot_t prot)
struct page *pfn_to_page(unsigned long pfn)
void get_page(struct page *page)
void vm_flags_set(struct vm_area_struct *vma, unsigned long flags)
void mutex_lock(struct mutex *lock)
void mutex_unlock(struct mutex *lock)
void *kzalloc(size_t size, unsigned int flags)
void kfree(const void *p)
unsigned long copy_from_user(void *to, const void __user *from, unsigned long n)
int printk(const char *fmt, ...)`;

const systemCalls = `
int open(const char *path, int flags)
void *mmap(void *addr, size_t length, int prot, int flags, int fd, loff_t offset)
long ioctl(int fd, unsigned int cmd, unsigned long arg)
int close(int fd)
int fork(void)
void exit(int status)`;

function functions(text: string): Map<string, ExternalFunction> {
  const lines = text.trim().split('\n');
  return new Map(lines.map((prototype) => [/(\w+)\(/.exec(prototype)![1]!, { prototype }]));
}

const kernelFunctions = functions(prototypes)
  .set('min', {
    generic: ([a, b]) => (a && b ? { result: a, parameters: [a, b] } : 'takes two values'),
    evaluate: ([a, b]) => (a! < b! ? a : b),
  })
  .set('get_user', {
    generic: ([x, p], model) =>
      x && p?.kind === 'pointer' && p.user
        ? { result: INT, parameters: [pointerTo(x, false), p], byReference: [0] }
        : `takes a variable and a user pointer (${model.name})`,
  })
  .set('_IOW', {
    generic: (args) => ({ result: ULLONG, parameters: args }),
    evaluate: ([type, nr, size]) => (1n << 30n) | (size! << 16n) | (type! << 8n) | nr!,
  });

const constants = new Map<string, ExternalConstant>(
  Object.entries({
    EINVAL: 22n,
    ENOMEM: 12n,
    VM_IO: 0x4000n,
    VM_PFNMAP: 0x400n,
    VM_FAULT_SIGBUS: 2n,
    GFP_KERNEL: 0xcc0n,
    O_RDWR: 2n,
    MAP_SHARED: 1n,
    PROT_READ: 1n,
  })
    .map(([name, value]): [string, ExternalConstant] => [name, { type: 'int', value }])
    .concat([
      ['PAGE_SIZE', { type: 'unsigned long', value: 4096n }],
      ['PAGE_SHIFT', { type: 'unsigned int', value: 12n }],
      ['pool', { type: 'unsigned long', what: 'region' }],
      ['buf', { type: 'unsigned long', what: 'region' }],
      ['THIS_MODULE', { type: 'struct module *', address: true }],
      ['MAP_FAILED', { type: 'void *', value: -1n }],
    ]),
);

const structs = new Map<string, ExternalStruct>(
  Object.entries({
    vm_area_struct: {
      fields: [
        { name: 'vm_start', type: 'unsigned long' },
        { name: 'vm_end', type: 'unsigned long' },
        { name: 'vm_pgoff', type: 'unsigned long' },
        { name: 'vm_flags', type: 'unsigned long', readonly: 'use vm_flags_set() or vm_flags_clear()' },
        { name: 'vm_page_prot', type: 'pgprot_t' },
        { name: 'vm_ops', type: 'const struct vm_operations_struct *' },
        { name: 'vm_private_data', type: 'void *' },
      ],
    },
    vm_fault: {
      fields: [
        { name: 'vma', type: 'struct vm_area_struct *' },
        { name: 'address', type: 'unsigned long' },
        { name: 'page', type: 'struct page *' },
      ],
    },
    file: { fields: [{ name: 'private_data', type: 'void *' }] },
    inode: { fields: [] },
    module: { fields: [] },
    page: { fields: [], arithmetic: true },
    mutex: { fields: [], size: 32 },
    pgprot_t: { fields: [], size: 8, scalar: true, spelling: 'pgprot_t' },
    vm_operations_struct: {
      fields: [{ name: 'fault', type: 'vm_fault_t (*)(struct vm_fault *vmf)' }],
      size: 8,
    },
    file_operations: {
      fields: [
        { name: 'owner', type: 'struct module *' },
        { name: 'mmap', type: 'int (*)(struct file *file, struct vm_area_struct *vma)' },
        { name: 'unlocked_ioctl', type: 'long (*)(struct file *file, unsigned int cmd, unsigned long arg)' },
      ],
      size: 24,
    },
  } satisfies Record<string, ExternalStruct>),
);

const typedefs = new Map([
  ['vm_fault_t', 'unsigned int'],
  ['pgprot_t', 'struct pgprot_t'],
  ['loff_t', 'long long'],
  ['off_t', 'long long'],
  ['phys_addr_t', 'unsigned long long'],
]);

const macros = new Map<string, FileScopeMacro>([
  ['DEFINE_MUTEX', { kind: 'object', type: 'struct mutex' }],
  ['module_init', { kind: 'init' }],
  ['module_exit', { kind: 'exit' }],
  ['MODULE_LICENSE', { kind: 'ignore' }],
]);

/** The environment of drivers or of threads. */
export function environment(space: 'kernel' | 'user', model: DataModel = LP64): Environment {
  const known =
    space === 'kernel' ? kernelFunctions : functions(systemCalls).set('_IOW', kernelFunctions.get('_IOW')!);
  const tables = { function: known, constant: constants, struct: structs, typedef: typedefs, macro: macros };
  return {
    model,
    space,
    lookupFunction: (name) => known.get(name),
    lookupConstant: (name) => constants.get(name),
    lookupStruct: (tag) => structs.get(tag),
    lookupTypedef: (name) => typedefs.get(name),
    lookupMacro: (name) => macros.get(name),
    names: (kind) => tables[kind].keys(),
  };
}

export interface Checked {
  readonly sink: DiagnosticSink;
  readonly program: TypedProgram;
  readonly threads: readonly TypedFunction[];
}

/** Parses and checks: driver code, then threads from the first line that begins with `P0()` or the like. */
export async function check(text: string, model: DataModel = LP64): Promise<Checked> {
  const source: Source = { file: 'test.litmus', text };
  const sink = new DiagnosticSink(source);
  const options = { grammar: await grammar(), source, sink };
  const starts = [...text.matchAll(/^P\d+\(/gm)].map((m) => m.index);
  const unit = parseDriver(options, { start: 0, end: starts[0] ?? text.length });
  const bodies = starts.map((start, i) =>
    parseThread(options, { start, end: starts[i + 1] ?? text.length }, unit.typeNames),
  );
  const program = checkDriver(unit, environment('kernel', model), sink);
  const threads = bodies.flatMap((b) => (b ? [checkThread(b, unit, environment('user', model), sink)] : []));
  return { sink, program, threads };
}

/** The same, throwing what is wrong. */
export async function checkOk(text: string, model: DataModel = LP64): Promise<Checked> {
  const checked = await check(text, model);
  checked.sink.throwIfErrors();
  return checked;
}

export { DiagnosticError, VOID };
