/**
 * What the functions of a driver may touch that others see, whatever path they take: for the partial-order reduction (run/por), which must know
 * it of all that a thread can still do. Everything that is not known to be harmless counts as {@link Effect.Anything}.
 */
import type { Callee, GlobalVariable, LValue, TypedExpr, TypedProgram } from '../../c/typed.js';
import type { CType } from '../../c/types.js';
import { isTable } from './layout.js';

/** Bits of a footprint; globals of the driver have two each, see {@link reads} and {@link writes}. */
export const Effect = {
  /** The process's own address space: VMAs, page tables, private copies, RSS. */
  Mm: 1,
  /** Entries of every process: unmap_mapping_range(). */
  Revoke: 2,
  /** What frames contain that no process has for itself. */
  ReadContents: 4,
  WriteContents: 8,
  /** Not known: takes part in everything. */
  Anything: 16,
} as const;

/** Globals that have bits of their own; all others, and what only pointers lead to, share the first. */
const SLOTS = 12;
const FIRST_READ = 5;
const FIRST_WRITE = FIRST_READ + SLOTS;
export const ALL_READS = ((1 << SLOTS) - 1) << FIRST_READ;
export const ALL_WRITES = ((1 << SLOTS) - 1) << FIRST_WRITE;

/** Bits of `mask` that stand for reading what is written, and the other way round. */
export function written(mask: number): number {
  return (mask & ALL_WRITES) >>> SLOTS;
}
export function read(mask: number): number {
  return (mask & ALL_READS) << SLOTS;
}

/** Touch the mm of the process they are called for, and their arguments, and nothing else. */
const OWN = new Set([
  ...['remap_pfn_range', 'io_remap_pfn_range', 'vm_iomap_memory', 'vmf_insert_pfn', 'vmf_insert_pfn_prot'],
  ...['vm_flags_set', 'vm_flags_clear', 'vm_flags_mod', 'vma_pages', 'vm_get_page_prot', 'choose', 'capable'],
  ...['pgprot_decrypted', 'WARN_ON', 'BUG_ON', 'IS_ERR', 'PTR_ERR', 'ERR_PTR', 'IS_ERR_OR_NULL'],
  ...[
    'might_sleep',
    'cond_resched',
    'schedule',
    'msleep',
    'udelay',
    'smp_mb',
    'smp_rmb',
    'smp_wmb',
    'barrier',
  ],
  ...['likely', 'unlikely', 'READ_ONCE', 'WRITE_ONCE', 'ARRAY_SIZE', 'min', 'max', 'min_t', 'max_t'],
  ...['ALIGN', 'ALIGN_DOWN', 'round_up', 'round_down', 'printk', 'pr_info', 'pr_err', 'pr_warn', 'pr_debug'],
  ...[
    'lockdep_assert_held',
    'mmap_assert_locked',
    'mmap_assert_write_locked',
    '_IO',
    '_IOR',
    '_IOW',
    '_IOWR',
  ],
]);

/** Change what their pointers lead to. */
const OPAQUE = new Set([
  ...['mutex_init', 'mutex_lock', 'mutex_unlock', 'mutex_trylock', 'mutex_is_locked'],
  ...[
    'spin_lock_init',
    'spin_lock',
    'spin_unlock',
    'init_rwsem',
    'down_read',
    'up_read',
    'down_write',
    'up_write',
  ],
  ...['atomic_read', 'atomic_set', 'atomic_inc', 'atomic_dec', 'atomic_add', 'atomic_sub'],
  ...['atomic_inc_return', 'atomic_dec_return', 'atomic_dec_and_test', 'atomic_xchg', 'atomic_cmpxchg'],
  ...['refcount_read', 'refcount_set', 'refcount_inc', 'refcount_dec', 'refcount_dec_and_test'],
  ...['atomic_add_unless', 'atomic_inc_not_zero', 'refcount_inc_not_zero'],
  ...['set_bit', 'clear_bit', 'change_bit', 'test_bit', 'test_and_set_bit', 'test_and_clear_bit'],
]);

/** Structs of the kernel that belong to the call: nobody else has a pointer to them ({@link DriverEffects.strays} sees to it). */
const OF_CALL = new Set(['vm_area_struct', 'vm_fault', 'vm_area_desc', 'mm_struct']);

/** Never change while the object lives. */
const FIXED = new Set(['file.f_mapping', 'file.f_inode', 'file.f_mode', 'file.f_flags', 'inode.i_mapping']);

export class DriverEffects {
  /** Whether pointers to VMAs or faults may be kept, or pointers are made numbers or ordered: no footprint can be trusted. */
  strays = false;
  /** Whether any function does something unknown: pages may then be counted, allocated, freed for others. */
  unknown = false;
  private readonly masks = new Map<string, number>();
  private readonly slots = new Map<GlobalVariable, number>();

  constructor(private readonly program: TypedProgram) {
    for (const g of program.globals) if (!isTable(g.type)) this.strays ||= keepsCall(g.type);
    for (const name of program.functions.keys()) this.of(name);
  }

  /** Footprint of a function and all that it calls. */
  of(name: string): number {
    const known = this.masks.get(name);
    if (known !== undefined) return known;
    const fn = this.program.functions.get(name);
    if (fn === undefined) return Effect.Anything;
    // one that calls itself would need a fixed point
    this.masks.set(name, Effect.Anything);
    const mask = this.node(fn.body);
    this.masks.set(name, mask);
    if ((mask & Effect.Anything) !== 0) this.unknown = true;
    return mask;
  }

  /** Everything in a typed tree. */
  private node(node: unknown): number {
    if (Array.isArray(node)) return node.reduce<number>((mask, one) => mask | this.node(one), 0);
    if (typeof node !== 'object' || node === null) return 0;
    const { kind } = node as { kind?: string };
    let mask = 0;
    if (kind === 'load') mask |= this.place((node as TypedExpr & { kind: 'load' }).from, ALL_READS);
    else if (kind === 'assign') mask |= this.assigned((node as TypedExpr & { kind: 'assign' }).target);
    else if (kind === 'update')
      mask |= this.place((node as TypedExpr & { kind: 'update' }).target, ALL_READS | ALL_WRITES);
    else if (kind === 'address') mask |= this.taken((node as TypedExpr & { kind: 'address' }).of);
    else if (kind === 'call') mask |= this.call(node as TypedExpr & { kind: 'call' });
    else if (kind === 'cast') this.cast(node as TypedExpr & { kind: 'cast' });
    else if (kind === 'compare') this.compared(node as TypedExpr & { kind: 'compare' });
    else if (kind === 'pointerDifference' || kind === 'containerOf') this.strays = true;
    for (const [key, value] of Object.entries(node)) if (!NOT_TREE.has(key)) mask |= this.node(value);
    return mask;
  }

  private assigned(target: LValue): number {
    // vmf->page hands a page to the core
    if (target.kind === 'member' && target.struct.tag === 'vm_fault') return Effect.Anything;
    return this.place(target, ALL_WRITES);
  }

  /** `&x`: who has the pointer may do anything with what it leads to. Tables of operations never change. */
  private taken(of: LValue): number {
    return of.kind === 'global' && isTable(of.type) ? 0 : this.place(of, ALL_READS | ALL_WRITES);
  }

  /** What an access to a place touches, out of `bits`. */
  private place(place: LValue, bits: number): number {
    switch (place.kind) {
      case 'local':
        return 0;
      case 'global':
        return isTable(place.type) ? 0 : bits & this.bitsOf(place.variable);
      case 'deref': {
        const { type } = place.pointer;
        const to = type.kind === 'pointer' ? type.to : type;
        if (type.kind === 'pointer' && type.user) return Effect.Anything;
        if (keepsCall(to)) this.strays = true;
        return to.kind === 'struct' && OF_CALL.has(to.tag) ? 0 : pointed(bits);
      }
      case 'member':
        if (keepsCall(place.field.type) && !OF_CALL.has(place.struct.tag)) this.strays = true;
        if (FIXED.has(`${place.struct.tag}.${place.field.name}`)) return bits & ALL_WRITES;
        return this.place(place.object, bits);
      case 'element':
        return this.place(place.array, bits);
    }
  }

  private bitsOf(g: GlobalVariable): number {
    let slot = this.slots.get(g);
    if (slot === undefined) this.slots.set(g, (slot = Math.min(this.slots.size + 1, SLOTS - 1)));
    return (1 << (FIRST_READ + slot)) | (1 << (FIRST_WRITE + slot));
  }

  private call({ callee, args }: { readonly callee: Callee; readonly args: readonly TypedExpr[] }): number {
    const { name, origin } = callee;
    if (origin === 'driver') return this.of(name);
    if (OWN.has(name)) return 0;
    // its mapping is that of a file, whose own word is nobody's
    if (name === 'unmap_mapping_range') return Effect.Revoke;
    if (!OPAQUE.has(name)) return Effect.Anything;
    const direct = args.every((a) => a.type.kind !== 'pointer' || a.kind === 'address');
    return direct ? 0 : pointed(ALL_READS | ALL_WRITES);
  }

  /** A VMA or a fault under another name, or the number of a pointer. */
  private cast(e: TypedExpr & { kind: 'cast' }): void {
    const { operand, type } = e;
    if (operand.kind === 'constant' || operand.kind === 'string' || operand.type.kind !== 'pointer') return;
    const { user, to } = operand.type;
    if (type.kind === 'int') this.strays ||= !user && type.name !== '_Bool';
    else if (type.kind === 'pointer' && isOfCall(to)) this.strays ||= !isOfCall(type.to);
  }

  private compared({ op, left }: TypedExpr & { kind: 'compare' }): void {
    if (op !== '==' && op !== '!=' && left.type.kind === 'pointer' && !left.type.user) this.strays = true;
  }
}

/** Pointers may lead into pages, too. */
function pointed(bits: number): number {
  const contents =
    ((bits & ALL_READS) === 0 ? 0 : Effect.ReadContents) |
    ((bits & ALL_WRITES) === 0 ? 0 : Effect.WriteContents);
  return bits | contents;
}

function isOfCall(type: CType): boolean {
  return type.kind === 'struct' && OF_CALL.has(type.tag);
}

/** Whether an object of a type can keep a pointer to what belongs to a call. */
function keepsCall(type: CType): boolean {
  if (type.kind === 'pointer') return isOfCall(type.to);
  if (type.kind === 'array') return keepsCall(type.of);
  if (type.kind !== 'struct' || type.origin !== 'driver') return false;
  return [...(type.fields?.values() ?? [])].some((f) => keepsCall(f.type));
}

/** Types and positions lead round in circles, and say nothing about what is done. */
const NOT_TREE = new Set(['type', 'span', 'variable', 'field', 'struct', 'compute', 'nameSpan', 'sizeof']);

/** Whether a thread's function may come back to what it has passed. */
export function loops(node: unknown): boolean {
  if (Array.isArray(node)) return node.some(loops);
  if (typeof node !== 'object' || node === null) return false;
  const { kind } = node as { kind?: string };
  if (kind !== undefined && BACKWARD.has(kind)) return true;
  return Object.entries(node).some(([key, value]) => !NOT_TREE.has(key) && loops(value));
}

const BACKWARD = new Set(['while', 'do', 'for', 'goto', 'switch']);
