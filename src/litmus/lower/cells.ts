/**
 * Which cells pages have: one for each constant offset inside a page that the test accesses, as wide as the first access. To
 * know the offsets, the values of pointers are followed through the program modulo the page size, without regard to the order
 * of statements.
 */
import type { Span } from '../../c/diagnostics.js';
import type {
  GlobalVariable,
  InitEntry,
  LocalVariable,
  LValue,
  TypedExpr,
  TypedFunction,
  TypedStatement,
} from '../../c/typed.js';
import type { CType, Field, PointerType } from '../../c/types.js';
import { byteSize, leaves, offsetOf } from './layout.js';
import { ANY, binary, NOTHING, one, PAGE, step, union, type Known } from './residues.js';
import type { Session } from './session.js';

/** After so many rounds, what still changes is taken to have any value; twice as many rounds end all. */
const WIDENING_ROUND = 30;

/** Where values are kept. */
type Store = LocalVariable | GlobalVariable | Field | string;

/** A cell of every page. */
export interface Cell {
  readonly offset: number;
  readonly bytes: number;
}

interface Access {
  readonly pointer: Known;
  readonly bytes: number;
  readonly span: Span;
}

/** Functions whose result is the address of page contents. */
const PAGE_CONTENTS =
  /^(page_address|kmap\w*|vmalloc\w*|vzalloc|dma_alloc_coherent|get_zeroed_page|__get_free_pages?|__va|phys_to_virt|pfn_to_kaddr)$/;

export class CellFinder {
  readonly #stores = new Map<Store, Known>();
  #changed = false;
  #widening = false;
  #accesses: Access[] = [];

  constructor(
    readonly session: Session,
    /** Functions that serve ioctl: their third parameter comes from threads. */
    readonly ioctls: ReadonlySet<string>,
  ) {}

  /** Places in the code that access contents of pages, once the cells were found. */
  get accesses(): number {
    return this.#accesses.length;
  }

  /** The cells of a test. Offset 0 always has one. */
  find(functions: readonly TypedFunction[]): readonly Cell[] {
    for (let round = 0; round < 2 * WIDENING_ROUND; round++) {
      this.#changed = false;
      this.#widening = round >= WIDENING_ROUND;
      this.#accesses = [];
      for (const g of this.session.program.globals) for (const e of g.init) this.#init(e);
      for (const f of functions) this.#function(f);
      if (!this.#changed) break;
    }
    return this.#layOut();
  }

  #layOut(): readonly Cell[] {
    const cells: (Cell & { span: Span })[] = [];
    const order = [...this.#accesses].sort((a, b) => a.span.start - b.span.start);
    for (const { pointer, bytes, span } of order) {
      if (pointer.residues === undefined) {
        this.session.sink.error(
          'PFN3001',
          'the offset of this access inside its page is not constant',
          span,
          {
            expected: 'addresses like `p + n * PAGE_SIZE + 8`: a page has one cell for each constant offset',
          },
        );
        continue;
      }
      for (const offset of pointer.residues) this.#addCell(cells, { offset, bytes, span });
    }
    if (!cells.some((c) => c.offset === 0)) cells.push({ offset: 0, bytes: 1, span: { start: 0, end: 0 } });
    return cells.map(({ offset, bytes }) => ({ offset, bytes })).sort((a, b) => a.offset - b.offset);
  }

  #addCell(cells: (Cell & { span: Span })[], cell: Cell & { span: Span }): void {
    const same = cells.find((c) => c.offset === cell.offset && c.bytes === cell.bytes);
    if (same) return;
    const other = cells.find((c) => c.offset < cell.offset + cell.bytes && cell.offset < c.offset + c.bytes);
    const crosses = cell.offset + cell.bytes > PAGE;
    if (!other && !crosses) {
      cells.push(cell);
      return;
    }
    const message = crosses
      ? 'this access crosses the end of its page'
      : `an access of ${cell.bytes} bytes at offset ${cell.offset} overlaps a cell of ${other!.bytes} bytes at ${other!.offset}`;
    this.session.sink.error('PFN3002', message, cell.span, {
      expected: 'the same width at the same offset everywhere',
      ...(other ? { notes: [{ message: 'the cell comes from here', span: other.span }] } : {}),
    });
  }

  // --- following values ---

  #get(store: Store): Known {
    return this.#stores.get(store) ?? NOTHING;
  }

  #join(store: Store, value: Known): void {
    const before = this.#get(store);
    const after = union(before, value);
    if (after.page === before.page && after.residues?.size === before.residues?.size) return;
    this.#stores.set(store, this.#widening ? { ...after, residues: undefined } : after);
    this.#changed = true;
  }

  #function(f: TypedFunction): void {
    if (this.ioctls.has(f.name) && f.locals[2]) this.#join(f.locals[2], this.#get('ioctl'));
    f.locals.forEach((l, i) => {
      if (l.isParameter) this.#join(l, this.#get(`${f.name} ${i}`));
    });
    this.#statement(f.body, f.name);
  }

  #init(e: InitEntry): void {
    this.#assign(e.target, this.#value(e.value));
  }

  #statement(s: TypedStatement, fn: string): void {
    const visit = (e: TypedExpr | undefined): void => void (e && this.#value(e));
    switch (s.kind) {
      case 'block':
        for (const inner of s.body) this.#statement(inner, fn);
        return;
      case 'expression':
        return visit(s.value);
      case 'local':
        if (s.init.length === 0) this.#join(s.variable, { residues: new Set([0]), page: false });
        for (const e of s.init) this.#init(e);
        return;
      case 'if':
        visit(s.test);
        this.#statement(s.then, fn);
        if (s.otherwise) this.#statement(s.otherwise, fn);
        return;
      case 'for':
        for (const inner of s.init) this.#statement(inner, fn);
        visit(s.update);
        visit(s.test);
        return this.#statement(s.body, fn);
      case 'while':
      case 'do':
        visit(s.test);
        return this.#statement(s.body, fn);
      case 'switch':
        visit(s.value);
        return this.#statement(s.body, fn);
      case 'return':
        if (s.value) this.#join(`${fn} returns`, this.#value(s.value));
    }
  }

  #assign(target: LValue, value: Known): void {
    switch (target.kind) {
      case 'local':
      case 'global':
        return this.#join(target.variable, value);
      case 'member':
        return this.#join(target.field, value);
      case 'element':
        return this.#assign(target.array, value);
    }
  }

  /** What is known of an expression; records the accesses in it. */
  #value(e: TypedExpr): Known {
    switch (e.kind) {
      case 'constant':
        return one(Number(BigInt.asUintN(12, e.value)));
      case 'runtime':
        return one(this.#runtime(e.name));
      case 'load':
        return this.#load(e.from);
      case 'address':
        return this.#address(e.of);
      case 'cast':
        return this.#cast(this.#value(e.operand), e.type);
      case 'binary':
        return binary(e.op, this.#value(e.left), this.#value(e.right));
      case 'containerOf': {
        const { bytes } = offsetOf(e.member, this.session.model);
        return step(this.#value(e.pointer), '-', one(bytes % PAGE), 1);
      }
      case 'pointerStep':
        return step(this.#value(e.pointer), e.op, this.#value(e.index), e.scale);
      case 'conditional': {
        const test = this.#value(e.test);
        return union(e.then ? this.#value(e.then) : test, this.#value(e.otherwise));
      }
      case 'comma':
        this.#value(e.left);
        return this.#value(e.right);
      case 'assign': {
        const value = this.#value(e.value);
        this.#touch(e.target);
        this.#assign(e.target, value);
        return value;
      }
      case 'update':
        return this.#update(e);
      case 'call':
        return this.#call(e);
      case 'unary':
      case 'not':
        this.#value(e.operand);
        return ANY;
      case 'compare':
      case 'logical':
      case 'pointerDifference':
        this.#value(e.left);
        this.#value(e.right);
        return ANY;
      default:
        return NOTHING;
    }
  }

  #runtime(name: string): number {
    return Number(this.session.frames.get(name) ?? 0n) % PAGE;
  }

  #cast(value: Known, type: CType): Known {
    return type.kind === 'int' && type.bits < 16 ? ANY : value;
  }

  #load(from: LValue): Known {
    this.#touch(from);
    switch (from.kind) {
      case 'local':
      case 'global':
        return this.#get(from.variable);
      case 'member':
        return from.struct.origin === 'kernel' && from.type.kind === 'int' ? ANY : this.#get(from.field);
      case 'element': {
        let array: LValue = from.array;
        while (array.kind === 'element') array = array.array;
        return array.kind === 'member'
          ? this.#get(array.field)
          : array.kind === 'deref'
            ? ANY
            : this.#get(array.variable);
      }
      case 'deref':
        return ANY;
    }
  }

  #address(of: LValue): Known {
    const { base, offset } = this.#base(of);
    return base === undefined ? NOTHING : step(base, '+', offset, 1);
  }

  /** The pointer under a place and the offset behind it, in bytes. Visits what the place computes. */
  #base(place: LValue): { base: Known | undefined; offset: Known } {
    switch (place.kind) {
      case 'deref':
        return { base: this.#value(place.pointer), offset: one(0) };
      case 'member': {
        const { base, offset } = this.#base(place.object);
        return {
          base: place.struct.origin === 'kernel' ? undefined : base,
          offset: step(offset, '+', one(place.field.offset), 1),
        };
      }
      case 'element': {
        const { base, offset } = this.#base(place.array);
        const index = this.#value(place.index);
        return { base, offset: step(offset, '+', index, byteSize(place.type, this.session.model)) };
      }
      default:
        return { base: undefined, offset: one(0) };
    }
  }

  /** Records the access to an object, if it may lie in a page. */
  #touch(place: LValue): void {
    const { base, offset } = this.#base(place);
    if (base === undefined) return;
    const user = pointerUnder(place)?.user === true;
    if (!user && !base.page) return;
    this.#access(step(base, '+', offset, 1), place.type, place.span);
  }

  #access(pointer: Known, type: CType, span: Span): void {
    for (const leaf of leaves(type, this.session.model)) {
      const at = step(pointer, '+', one(leaf.byte % PAGE), 1);
      this.#accesses.push({ pointer: at, bytes: byteSize(leaf.type, this.session.model), span });
    }
  }

  #update(e: TypedExpr & { kind: 'update' }): Known {
    const right = this.#value(e.right);
    const before = this.#load(e.target);
    const after =
      e.compute.kind === 'pointer'
        ? step(before, e.op as '+' | '-', right, e.scale)
        : binary(e.op, before, right);
    this.#assign(e.target, after);
    return union(before, after);
  }

  #call(e: TypedExpr & { kind: 'call' }): Known {
    const args = e.args.map((a) => this.#value(a));
    const { name, origin } = e.callee;
    if (origin === 'driver') {
      args.forEach((a, i) => this.#join(`${name} ${i}`, a));
      return this.#get(`${name} returns`);
    }
    // a constant is no address: threads that pass 0 do not make cells
    const passed = name === 'ioctl' && e.args[2]?.kind !== 'constant' ? args[2] : undefined;
    if (passed?.residues) this.#join('ioctl', passed);
    this.#userCopy(name, e.args, args);
    if (name === 'memcpy') this.#memcpy(e.args, args);
    if (name === 'memcpy' || name === 'memset') return args[0]!;
    if (PAGE_CONTENTS.test(name)) return { residues: new Set([0]), page: true };
    if (e.type.kind === 'pointer') return { residues: new Set([0]), page: false };
    return ANY;
  }

  /** What memcpy() reads from a page must have cells; what it writes is of interest only where others read. */
  #memcpy(exprs: readonly TypedExpr[], args: readonly Known[]): void {
    const [, , size] = exprs as [TypedExpr, TypedExpr, TypedExpr];
    if (!args[1]!.page || args[0]!.page) return;
    const type =
      copiedType(exprs[1]!, size, this.session.model) ?? copiedType(exprs[0]!, size, this.session.model);
    if (type && byteSize(type, this.session.model) < PAGE) this.#access(args[1]!, type, exprs[1]!.span);
  }

  /** Accesses of get_user() and the like. */
  #userCopy(name: string, exprs: readonly TypedExpr[], args: readonly Known[]): void {
    if (name === 'get_user' || name === 'put_user') {
      const type = exprs[1]!.type as PointerType;
      this.#access(args[1]!, type.to, exprs[1]!.span);
    } else if (name === 'copy_from_user' || name === 'copy_to_user') {
      const [user, kernel] = name === 'copy_from_user' ? [1, 0] : [0, 1];
      const type = copiedType(exprs[kernel]!, exprs[2]!, this.session.model);
      if (type) this.#access(args[user]!, type, exprs[user]!.span);
      if (type && args[kernel]!.page) this.#access(args[kernel]!, type, exprs[kernel]!.span);
    }
  }
}

/** The type of the object that a user copy copies, if its size says so. */
export function copiedType(kernel: TypedExpr, size: TypedExpr, model: Session['model']): CType | undefined {
  let e = kernel;
  while (e.kind === 'cast') e = e.operand;
  if (e.type.kind !== 'pointer' || size.kind !== 'constant') return undefined;
  const n = Number(size.value);
  const { to } = e.type;
  if (to.kind !== 'void' && byteSize(to, model) === n) return to;
  if (to.kind !== 'void' && byteSize(to, model) > 0 && n % byteSize(to, model) === 0) {
    return { kind: 'array', of: to, length: n / byteSize(to, model) };
  }
  const scalar = { 1: 8, 2: 16, 4: 32, 8: 64 }[n] as 8 | 16 | 32 | 64 | undefined;
  return scalar && { kind: 'int', name: `u${scalar}`, bits: scalar, signed: false, rank: 3 };
}

function pointerUnder(place: LValue): PointerType | undefined {
  if (place.kind === 'deref') return place.pointer.type as PointerType;
  if (place.kind === 'member') return pointerUnder(place.object);
  return place.kind === 'element' ? pointerUnder(place.array) : undefined;
}
