/** One test being lowered for one configuration: what all its functions share. */
import type { DiagnosticExtra, DiagnosticSink, Span } from '../../c/diagnostics.js';
import { didYouMean } from '../../c/suggest.js';
import type { GlobalVariable, TypedProgram } from '../../c/typed.js';
import { typeName, type CType, type DataModel, type FunctionType } from '../../c/types.js';
import { handle, HandleKind } from '../../kernel/handle.js';
import { HEAD } from '../../kernel/layout.js';
import type { ObjectShape, ObjectTable } from '../../kernel/object-shape.js';
import { MAX_TYPES } from '../../kernel/slab.js';
import { CompiledFunction } from './code.js';
import type { LowerOptions } from './contract.js';
import { isTable, wordsOfType } from './layout.js';
import { shapeOf, unionConflict } from './shapes.js';

/** Lowering stopped at something; the error is recorded. */
export class Unlowerable extends Error {
  override readonly name = 'Unlowerable';
}

/** A function whose number is known and whose code is not. */
export interface PendingFunction {
  readonly compiled: CompiledFunction;
  readonly source: string;
  /** Called by the core: its return is a scheduling point. */
  readonly handler: boolean;
}

export class Session {
  readonly functions: CompiledFunction[] = [];
  readonly pending: PendingFunction[] = [];
  /** Word offset of every global, from the start of the globals. */
  readonly #globalAt = new Map<GlobalVariable, number>();
  readonly globalWords: number;
  /** Whether the code installs leaves above the PTE level. */
  leaves = false;
  /** Whether the code sets memory types. */
  memtypes = false;
  /** Handles of vm_operations_struct tables. */
  readonly tables = new Map<GlobalVariable, number>();
  readonly #versions = new Map<string, CompiledFunction>();
  readonly #shapes = new Map<CType, ObjectShape>();
  readonly #types = new Map<ObjectShape, number>();

  constructor(
    readonly program: TypedProgram,
    readonly options: LowerOptions,
    readonly model: DataModel,
    readonly sink: DiagnosticSink,
    /** Names of devices, in the order of their numbers. */
    readonly devices: readonly string[],
    /** First frames of regions and resources, by name. */
    readonly frames: ReadonlyMap<string, bigint>,
  ) {
    let at = 0;
    for (const g of program.globals) {
      this.#globalAt.set(g, at);
      at += wordsOfType(g.type, model);
    }
    this.globalWords = at;
  }

  fail(code: `PFN3${string}`, message: string, at: Span, extra?: DiagnosticExtra): never {
    this.sink.error(code, message, { start: at.start, end: at.end }, extra);
    throw new Unlowerable();
  }

  attempt<T>(lower: () => T): T | undefined {
    try {
      return lower();
    } catch (e) {
      if (e instanceof Unlowerable) return undefined;
      throw e;
    }
  }

  /** First word of a global, from the start of the globals. */
  globalOffset(g: GlobalVariable): number {
    return this.#globalAt.get(g)!;
  }

  /** The same, from the start of the world. */
  globalWord(g: GlobalVariable): number {
    return HEAD.WORDS + this.globalOffset(g);
  }

  /** The handle that `&g` is. */
  globalHandle(g: GlobalVariable, at: Span): number {
    const table = this.tables.get(g);
    if (table !== undefined) return table;
    if (isTable(g.type)) {
      this.fail('PFN3003', `\`&${g.name}\` is of no use: files find their operations by name`, at);
    }
    return handle(HandleKind.Data, this.globalWord(g));
  }

  /** Refuses objects with unions whose members do not share words. */
  checkUnions(type: CType, at: Span): void {
    const conflict = unionConflict(type, this.model);
    if (!conflict) return;
    const { union, first, second } = conflict;
    const message = `\`${first}\` and \`${second}\` of \`${typeName(union)}\` lie in different words of the model`;
    this.sink.error('PFN3013', message, at, {
      expected: 'members with the same widths at the same offsets, or numbers of 32 and 64 bits only',
      suggestion: 'if only one of them is in use at a time, a struct does the same',
    });
  }

  /** The shape of the objects of a type. */
  shape(type: CType): ObjectShape {
    let shape = this.#shapes.get(type);
    if (!shape) this.#shapes.set(type, (shape = shapeOf(type, this.model)));
    return shape;
  }

  /** Number of a type of which objects are allocated. */
  typeNumber(type: CType, at: Span): number {
    this.checkUnions(type, at);
    const shape = this.shape(type);
    const n = this.#types.get(shape) ?? this.#types.size + 1;
    if (n > MAX_TYPES) this.fail('PFN3010', 'too many types are allocated', at);
    this.#types.set(shape, n);
    return n;
  }

  /** What the objects of the driver look like. */
  objects(): ObjectTable {
    const globals = this.program.globals.filter((g) => !isTable(g.type));
    return {
      globals: globals.map((g) => ({ at: this.globalOffset(g), shape: this.shape(g.type) })),
      types: [undefined, ...this.#types.keys()],
    };
  }

  /**
   * The compiled form of a C function, compiled later if it is new.
   * @param handler the core calls it (rather than C code)
   */
  compiledFunction(name: string, handler: boolean): CompiledFunction {
    const key = `${handler ? 'core' : 'C'} ${name}`;
    const known = this.#versions.get(key);
    if (known) return known;
    const compiled = this.newFunction(name, false);
    this.#versions.set(key, compiled);
    compiled.params.push(...parameterSlots(this.program.functions.get(name)!.type, this.model));
    this.pending.push({ compiled, source: name, handler });
    return compiled;
  }

  newFunction(name: string, user: boolean): CompiledFunction {
    const compiled = new CompiledFunction(this.options.firstRoutineId + this.functions.length, name, user);
    this.functions.push(compiled);
    return compiled;
  }

  /** Number of a device by its path; an error if no driver serves it. */
  deviceNumber(path: string, at: Span): number {
    const name = /^\/dev\/(\w+)$/.exec(path)?.[1];
    const n = name === undefined ? -1 : this.devices.indexOf(name);
    if (n < 0) {
      this.fail('PFN3006', `no driver serves \`${path}\``, at, {
        expected: 'a `struct file_operations` called NAME_fops serves /dev/NAME',
        ...didYouMean(
          path,
          this.devices.map((d) => `/dev/${d}`),
        ),
      });
    }
    return n;
  }
}

function parameterSlots(type: FunctionType, model: DataModel): { slot: number; words: number }[] {
  let slot = 0;
  return type.parameters.map((p) => {
    const words = wordsOfType(p.type, model);
    slot += words;
    return { slot: slot - words, words };
  });
}
