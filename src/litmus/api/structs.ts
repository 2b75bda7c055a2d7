/** Kernel structs that drivers reach into, and the typedefs that go with them. */
import { handle, HandleKind, handleIndex, handleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import { Undefined } from '../../kernel/routine.js';
import { DESC } from '../../kernel/mm/mmap_prepare.js';
import { VMF } from '../../kernel/mm/memory/vmf.js';
import { pageAddr } from '../../kernel/mm/page.js';
import { OPS_NULL, type File, type Vma } from '../../kernel/world.js';
import { ret64, type ApiField, type ApiStruct } from './define.js';

/** Index of a handle of the wanted kind, or -1 after the run was frozen: a NULL or wild pointer was followed. */
export function indexOf(k: Kernel, h: number, kind: HandleKind): number {
  if (h > 0 && handleKind(h) === kind) return handleIndex(h);
  k.undefinedBehaviour(Undefined.BadPointer);
  return -1;
}

const vmaField = (
  name: string,
  type: string,
  get: (k: Kernel, v: Vma) => number,
  set?: (k: Kernel, v: Vma, lo: number, hi: number) => void,
  readonly?: string,
): ApiField => ({
  name,
  type,
  readonly,
  get(k, h) {
    const i = indexOf(k, h, HandleKind.Vma);
    return i < 0 ? 0 : get(k, k.vmas[i]!);
  },
  ...(set === undefined
    ? {}
    : {
        set(k: Kernel, h: number, lo: number, hi: number) {
          const i = indexOf(k, h, HandleKind.Vma);
          if (i >= 0) set(k, k.vmas[i]!, lo, hi);
        },
      }),
});

const page = (k: Kernel, pg: number): number => ret64(k, pageAddr(k, pg));

const opsHandle = (n: number): number => (n === OPS_NULL ? 0 : handle(HandleKind.Ops, n));

const vmArea: ApiStruct = {
  fields: [
    vmaField(
      'vm_start',
      'unsigned long',
      (k, v) => page(k, v.start),
      undefined,
      'the core owns the range of a VMA',
    ),
    vmaField(
      'vm_end',
      'unsigned long',
      (k, v) => page(k, v.end),
      undefined,
      'the core owns the range of a VMA',
    ),
    vmaField(
      'vm_pgoff',
      'unsigned long',
      (k, v) => {
        k.hi = v.pgoffHi;
        return v.pgoffLo;
      },
      (k, v, lo, hi) => v.setPgoff(lo, k.facts.bitsPerLong === 64 ? hi : 0),
    ),
    vmaField(
      'vm_flags',
      'unsigned long',
      (k, v) => {
        k.hi = 0;
        return v.flags;
      },
      undefined,
      'use vm_flags_set(), vm_flags_clear() or vm_flags_mod()',
    ),
    vmaField(
      'vm_page_prot',
      'pgprot_t',
      (_k, v) => v.prot,
      (_k, v, lo) => void (v.prot = lo),
    ),
    vmaField(
      'vm_ops',
      'const struct vm_operations_struct *',
      (_k, v) => opsHandle(v.ops),
      (_k, v, lo) => void (v.ops = handleIndex(lo)),
    ),
    vmaField('vm_file', 'struct file *', (_k, v) => (v.file < 0 ? 0 : handle(HandleKind.File, v.file))),
    vmaField(
      'vm_private_data',
      'void *',
      (_k, v) => v.private,
      (_k, v, lo) => void (v.private = lo),
    ),
    vmaField('vm_mm', 'struct mm_struct *', (_k, v) => handle(HandleKind.Mm, v.mm)),
  ],
};

const vmfField = (
  name: string,
  type: string,
  get: (k: Kernel, at: number) => number,
  set?: (k: Kernel, at: number, lo: number) => void,
): ApiField => ({
  name,
  type,
  get(k, h) {
    const at = indexOf(k, h, HandleKind.Vmf);
    return at < 0 ? 0 : get(k, at);
  },
  ...(set === undefined
    ? { readonly: 'the core fills it in' }
    : {
        set(k: Kernel, h: number, lo: number) {
          const at = indexOf(k, h, HandleKind.Vmf);
          if (at >= 0) set(k, at, lo);
        },
      }),
});

/** linear_page_index(): vm_pgoff + pages from the start, low word; high word in k.hi. */
function linear(k: Kernel, v: Vma, pg: number): number {
  const lo = (v.pgoffLo >>> 0) + (pg - v.start);
  k.hi = (v.pgoffHi + Math.floor(lo / 2 ** 32)) | 0;
  return lo | 0;
}

const vmFault: ApiStruct = {
  fields: [
    vmfField('vma', 'struct vm_area_struct *', (k, at) => handle(HandleKind.Vma, k.w[at + VMF.VMA]!)),
    vmfField('address', 'unsigned long', (k, at) => page(k, k.w[at + VMF.PG]!)),
    vmfField('real_address', 'unsigned long', (k, at) => page(k, k.w[at + VMF.PG]!)),
    vmfField('pgoff', 'unsigned long', (k, at) => linear(k, k.vmas[k.w[at + VMF.VMA]!]!, k.w[at + VMF.PG]!)),
    vmfField('flags', 'unsigned int', (k, at) => k.w[at + VMF.FLAGS]!),
    vmfField(
      'page',
      'struct page *',
      (k, at) => k.w[at + VMF.PAGE]!,
      (k, at, lo) => void (k.w[at + VMF.PAGE] = lo),
    ),
    vmfField('cow_page', 'struct page *', (k, at) => {
      const cow = k.w[at + VMF.COW]!;
      return cow === 0 ? 0 : handle(HandleKind.Page, cow - 1);
    }),
  ],
};

const fileField = (
  name: string,
  type: string,
  get: (k: Kernel, f: File) => number,
  set?: (k: Kernel, f: File, lo: number) => void,
): ApiField => ({
  name,
  type,
  get(k, h) {
    const i = indexOf(k, h, HandleKind.File);
    return i < 0 ? 0 : get(k, k.files[i]!);
  },
  ...(set === undefined
    ? { readonly: 'the core owns it' }
    : {
        set(k: Kernel, h: number, lo: number) {
          const i = indexOf(k, h, HandleKind.File);
          if (i >= 0) set(k, k.files[i]!, lo);
        },
      }),
});

const file: ApiStruct = {
  fields: [
    fileField(
      'private_data',
      'void *',
      (_k, f) => f.private,
      (_k, f, lo) => void (f.private = lo),
    ),
    fileField('f_mapping', 'struct address_space *', (_k, f) => handle(HandleKind.Mapping, f.driver)),
    fileField('f_inode', 'struct inode *', (_k, f) => handle(HandleKind.Inode, f.driver)),
    fileField('f_mode', 'unsigned int', (_k, f) => (f.mode >> 8) & 3),
  ],
};

const inode: ApiStruct = {
  fields: [
    {
      name: 'i_mapping',
      type: 'struct address_space *',
      readonly: 'the core owns it',
      get: (k, h) => {
        const i = indexOf(k, h, HandleKind.Inode);
        return i < 0 ? 0 : handle(HandleKind.Mapping, i);
      },
    },
  ],
};

const descField = (
  name: string,
  type: string,
  get: (k: Kernel, at: number) => number,
  set?: (k: Kernel, at: number, lo: number, hi: number) => void,
): ApiField => ({
  name,
  type,
  get(k, h) {
    const at = indexOf(k, h, HandleKind.Desc);
    return at < 0 ? 0 : get(k, at);
  },
  ...(set === undefined
    ? { readonly: 'the core owns it' }
    : {
        set(k: Kernel, h: number, lo: number, hi: number) {
          const at = indexOf(k, h, HandleKind.Desc);
          if (at >= 0) set(k, at, lo, hi);
        },
      }),
});

const descVma = (k: Kernel, at: number): Vma => k.vmas[k.w[at + DESC.VMA]!]!;

const vmAreaDesc: ApiStruct = {
  fields: [
    descField('start', 'unsigned long', (k, at) => page(k, descVma(k, at).start)),
    descField('end', 'unsigned long', (k, at) => page(k, descVma(k, at).end)),
    descField('mm', 'struct mm_struct *', (k, at) => handle(HandleKind.Mm, descVma(k, at).mm)),
    descField('file', 'struct file *', (k, at) => handle(HandleKind.File, descVma(k, at).file)),
    descField(
      'pgoff',
      'unsigned long',
      (k, at) => {
        k.hi = k.w[at + DESC.PGOFF_HI]!;
        return k.w[at + DESC.PGOFF_LO]!;
      },
      (k, at, lo, hi) => {
        k.w[at + DESC.PGOFF_LO] = lo;
        k.w[at + DESC.PGOFF_HI] = k.facts.bitsPerLong === 64 ? hi : 0;
      },
    ),
    descField(
      'vm_flags',
      'unsigned long',
      (k, at) => {
        k.hi = 0;
        return k.w[at + DESC.FLAGS]!;
      },
      (k, at, lo) => void (k.w[at + DESC.FLAGS] = lo),
    ),
    descField(
      'page_prot',
      'pgprot_t',
      (k, at) => k.w[at + DESC.PROT]!,
      (k, at, lo) => void (k.w[at + DESC.PROT] = lo),
    ),
    descField(
      'vm_ops',
      'const struct vm_operations_struct *',
      (k, at) => opsHandle(k.w[at + DESC.OPS]!),
      (k, at, lo) => void (k.w[at + DESC.OPS] = handleIndex(lo)),
    ),
    descField(
      'private_data',
      'void *',
      (k, at) => k.w[at + DESC.PRIVATE]!,
      (k, at, lo) => void (k.w[at + DESC.PRIVATE] = lo),
    ),
    descField('action', 'struct mmap_action', (_k, at) => handle(HandleKind.Desc, at)),
  ],
};

/** What mmap_action_...() record stays theirs; the two settings are the driver's. A pointer to the action is one to its description. */
const mmapAction: ApiStruct = {
  fields: [
    descField(
      'error_override',
      'int',
      (k, at) => k.w[at + DESC.ACT_OVERRIDE]!,
      (k, at, lo) => void (k.w[at + DESC.ACT_OVERRIDE] = lo),
    ),
    descField(
      'hide_from_rmap_until_complete',
      'bool',
      (k, at) => k.w[at + DESC.ACT_HIDE]!,
      (k, at, lo) => void (k.w[at + DESC.ACT_HIDE] = lo === 0 ? 0 : 1),
    ),
  ],
};

const opaque: ApiStruct = { fields: [] };

/** A lock or counter that drivers declare: one word in the world, its kernel size for sizeof. */
const object = (size: number, spelling?: string): ApiStruct => ({
  fields: [],
  size,
  ...(spelling ? { spelling } : {}),
});

const handler = (name: string, type: string): ApiField => ({ name, type, get: () => 0 });

/** Handlers of the two tables; the front end builds VmOps and FileOps from their initialisers. */
const vmOperations: ApiStruct = {
  size: 128,
  fields: [
    handler('open', 'void (*)(struct vm_area_struct *)'),
    handler('close', 'void (*)(struct vm_area_struct *)'),
    handler('mapped', 'int (*)(unsigned long, unsigned long, unsigned long, const struct file *, void **)'),
    handler('may_split', 'int (*)(struct vm_area_struct *, unsigned long)'),
    handler('mremap', 'int (*)(struct vm_area_struct *)'),
    handler('mprotect', 'int (*)(struct vm_area_struct *, unsigned long, unsigned long, unsigned long)'),
    handler('fault', 'vm_fault_t (*)(struct vm_fault *)'),
    handler('huge_fault', 'vm_fault_t (*)(struct vm_fault *, unsigned int)'),
    handler('map_pages', 'vm_fault_t (*)(struct vm_fault *, unsigned long, unsigned long)'),
    handler('page_mkwrite', 'vm_fault_t (*)(struct vm_fault *)'),
    handler('pfn_mkwrite', 'vm_fault_t (*)(struct vm_fault *)'),
    handler('access', 'int (*)(struct vm_area_struct *, unsigned long, void *, int, int)'),
    handler('find_special_page', 'struct page *(*)(struct vm_area_struct *, unsigned long)'),
    handler('find_normal_page', 'struct page *(*)(struct vm_area_struct *, unsigned long)'),
  ],
};

const fileOperations: ApiStruct = {
  size: 128,
  fields: [
    handler('owner', 'struct module *'),
    handler('open', 'int (*)(struct inode *, struct file *)'),
    handler('release', 'int (*)(struct inode *, struct file *)'),
    handler('mmap', 'int (*)(struct file *, struct vm_area_struct *)'),
    handler('mmap_prepare', 'int (*)(struct vm_area_desc *)'),
    handler('unlocked_ioctl', 'long (*)(struct file *, unsigned int, unsigned long)'),
    handler(
      'get_unmapped_area',
      'unsigned long (*)(struct file *, unsigned long, unsigned long, unsigned long, unsigned long)',
    ),
  ],
};

/** Structs by tag. */
export const STRUCTS: ReadonlyMap<string, ApiStruct> = new Map<string, ApiStruct>([
  ['vm_area_struct', vmArea],
  ['vm_fault', vmFault],
  ['file', file],
  ['inode', inode],
  ['vm_area_desc', vmAreaDesc],
  ['mmap_action', mmapAction],
  ['vm_operations_struct', vmOperations],
  ['file_operations', fileOperations],
  ['page', { fields: [], arithmetic: true }],
  ['folio', opaque],
  ['mm_struct', opaque],
  ['address_space', opaque],
  ['module', opaque],
  ['device', object(8)],
  ['mutex', object(32)],
  ['spinlock', object(4, 'spinlock_t')],
  ['rw_semaphore', object(40)],
  ['atomic', object(4, 'atomic_t')],
  ['refcount_struct', object(4, 'refcount_t')],
  ['pgprot', { fields: [], size: 8, scalar: true, spelling: 'pgprot_t' }],
]);

/** Typedefs of the kernel interface. */
export const TYPEDEFS: ReadonlyMap<string, string> = new Map([
  ['vm_fault_t', 'unsigned int'],
  ['pgoff_t', 'unsigned long'],
  ['vm_flags_t', 'unsigned long'],
  ['gfp_t', 'unsigned int'],
  ['pgprot_t', 'struct pgprot'],
  ['loff_t', 'long long'],
  ['off_t', 'long long'],
  ['pid_t', 'int'],
  ['spinlock_t', 'struct spinlock'],
  ['atomic_t', 'struct atomic'],
  ['refcount_t', 'struct refcount_struct'],
]);
