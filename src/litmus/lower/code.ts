/** The code of a compiled function: instructions, labels, temporary words. */
import type { Kernel } from '../../kernel/kernel.js';
import type { PlacedObject } from '../../kernel/object-shape.js';
import { type CFunction, UnknownError } from '../../kernel/routine.js';
import { THREAD } from '../../kernel/layout.js';
import { TF_KILLED } from '../../kernel/routine.js';
import type { Ev } from './values.js';

/** Runs in frame `f`: returns the next pc, or a negative number when control has left the function. */
export type Instruction = (k: Kernel, f: number) => number;

/** Control has left: the kernel knows where to go on. */
export const LEFT = -1;

/** The place of an instruction, known once {@link CodeBuilder.bind} was called. */
export interface Label {
  pc: number;
}

/** The first instruction of a statement. */
export interface Start {
  /** In the source. */
  readonly offset: number;
  readonly pc: number;
}

/** A system call or an access of a thread: instructions [from, to), its scheduling point before them left out. */
export interface Operation {
  /** The system call's name, `load` or `store`. */
  readonly name: string;
  readonly from: number;
  readonly to: number;
}

/** A value not yet computed, with the temporary words that it reads. */
export interface Operand {
  readonly ev: Ev;
  /** Words of the frame to be cleared by the instruction that uses the value: dead words would make equal states differ. */
  readonly temps: readonly number[];
  /** Computing it may freeze the run. */
  readonly freezes: boolean;
}

export class CompiledFunction implements CFunction {
  code: readonly Instruction[] = [];
  words = 0;
  params: { readonly slot: number; readonly words: number }[] = [];
  locals: readonly PlacedObject[] = [];

  constructor(
    readonly id: number,
    readonly name: string,
    readonly user: boolean,
  ) {}

  step(k: Kernel, f: number, pc: number): void {
    const { code } = this;
    let at = pc;
    do {
      at = code[at]!(k, f);
      if (--k.fuel < 0) throw new UnknownError('bound: a step does not end');
    } while (at >= 0 && !k.stopped);
  }
}

export class CodeBuilder {
  readonly code: Instruction[] = [];
  /** Source offset of every instruction. */
  readonly offsets: number[] = [];
  /** Where statements begin. */
  readonly starts: Start[] = [];
  /** What a thread asks of the kernel, in the order of the instructions. */
  readonly operations: Operation[] = [];
  /** Source offset of what is being compiled. */
  offset = 0;
  #words: number;
  #free: number[] = [];

  /** @param locals words of parameters and variables, from slot 1 on */
  constructor(locals: number) {
    this.#words = locals;
  }

  /** Words of the frame. */
  get words(): number {
    return this.#words;
  }

  /** pc of the next instruction. */
  get here(): number {
    return this.code.length;
  }

  emit(instruction: Instruction): void {
    this.code.push(instruction);
    this.offsets.push(this.offset);
  }

  /** A statement begins here: it is reached exactly if the next instruction runs. */
  begin(offset: number): void {
    this.offset = offset;
    this.starts.push({ offset, pc: this.here });
  }

  /** The instructions from `from` to here are one operation of a thread. */
  operation(name: string, from: number): void {
    this.operations.push({ name, from, to: this.here });
  }

  bind(label: Label): void {
    label.pc = this.here;
  }

  jump(label: Label): void {
    this.emit(() => label.pc);
  }

  /** Takes `words` adjacent temporary words; the slot counts from the frame's header. */
  temp(words: 1 | 2): number {
    if (words === 1) return this.#free.pop() ?? ++this.#words;
    const pair = this.#free.find((s) => this.#free.includes(s + 1));
    if (pair !== undefined) {
      this.#free = this.#free.filter((s) => s !== pair && s !== pair + 1);
      return pair;
    }
    this.#words += 2;
    return this.#words - 1;
  }

  release(temps: readonly number[]): void {
    this.#free.push(...temps);
  }

  /**
   * Emits an instruction that uses operands: afterwards their temporaries are cleared and free. `body` gives the next pc or
   * {@link LEFT}.
   */
  consume(operands: readonly Operand[], body: Instruction): void {
    const temps = operands.flatMap((o) => o.temps);
    this.release(temps);
    if (temps.length === 0) return this.emit(body);
    if (temps.length === 1) {
      const [slot] = temps as [number];
      return this.emit((k, f) => {
        const pc = body(k, f);
        k.w[f + slot] = 0;
        return pc;
      });
    }
    this.emit((k, f) => {
      const pc = body(k, f);
      for (let i = 0; i < temps.length; i++) k.w[f + temps[i]!] = 0;
      return pc;
    });
  }
}

/** A scheduling point of driver code. */
export function emitPoint(b: CodeBuilder): void {
  const next = b.here + 1;
  b.emit((k, f) => {
    // also where it goes on: a state that freezes behind it shows it, however many steps have led there
    k.setPc(f, next);
    if (!k.mustStop()) return next;
    k.stopped = true;
    return LEFT;
  });
}

/** A scheduling point of user code: a killed thread ends at it. */
export function emitUserPoint(b: CodeBuilder): void {
  const next = b.here + 1;
  b.emit((k, f) => {
    k.setPc(f, next);
    if ((k.w[k.t + THREAD.FLAGS]! & TF_KILLED) === 0 && !k.mustStop()) return next;
    k.userPoint(f, next);
    return LEFT;
  });
}

export function operand(ev: Ev, temps: readonly number[] = [], freezes = false): Operand {
  return { ev, temps, freezes };
}

/** The value in a slot of the frame (and the one behind it), which is a temporary. */
export function slotValue(slot: number, words: 1 | 2): Operand {
  if (words === 1) return operand((k, f) => k.w[f + slot]!, [slot]);
  return operand(
    (k, f) => {
      k.hi = k.w[f + slot + 1]!;
      return k.w[f + slot]!;
    },
    [slot, slot + 1],
  );
}

/** An operand made of others. */
export function combined(ev: Ev, parts: readonly Operand[], freezes = false): Operand {
  return { ev, temps: parts.flatMap((p) => p.temps), freezes: freezes || parts.some((p) => p.freezes) };
}
