/** What the lowering makes of a test for one configuration: all that a {@link Kernel} needs besides its facts and memory. */
import type { CType } from '../../c/types.js';
import type { Facts } from '../../kernel/facts.js';
import type { CFunction, Program } from '../../kernel/routine.js';
import type { MemoryMap } from '../../kernel/memmap.js';
import type { Operation, Start } from './code.js';
import type { DriverEffects } from './effects.js';
import type { IoctlUse } from './commands.js';

/** What the lowering depends on besides the test. */
export interface LowerOptions {
  readonly facts: Facts;
  readonly mem: MemoryMap;
  /** Entries of a page table. */
  readonly ptrs: number;
  /** Id of the first compiled function: routines of the kernel model come before it. */
  readonly firstRoutineId: number;
}

/** A variable that a condition can name. */
export interface Variable {
  /** Word: of a thread's local, from the first local word of its lowest frame; of a global, from the start of the globals. */
  readonly word: number;
  readonly words: 1 | 2;
  readonly type: CType;
}

/** One Pi(). Its function never returns: at its end the thread parks (THREAD.STATE) with its locals in place. */
export interface LoweredThread {
  readonly name: string;
  readonly fn: CFunction;
  readonly variables: ReadonlyMap<string, Variable>;
  /** What it asks of the kernel, in the order of its instructions. */
  readonly operations: readonly Operation[];
  /** Whether it may come back to an instruction that it has passed, but to try an access again. */
  readonly loops: boolean;
}

/** A test, compiled. */
export interface LoweredTest {
  readonly program: Program;
  readonly threads: readonly LoweredThread[];
  /** module_init, run before all threads. */
  readonly moduleInit: CFunction | undefined;
  readonly globals: ReadonlyMap<string, Variable>;
  /** Initial words of the globals; its length is Shape.globalWords. Globals start at word HEAD.WORDS of the world. */
  readonly globalWords: Int32Array;
  /** Words of cells of one frame: Shape.cellWords. */
  readonly cellWords: number;
  /** What the driver's ioctl handlers tell apart. */
  readonly ioctl: IoctlUse;
  /** Whether code reads or writes what pages contain; else contents make no difference to what happens. */
  readonly touchesContents: boolean;
  /** Whether the driver sets memory types. */
  readonly memtypes: boolean;
  /** What the driver's functions may touch. */
  effects(): DriverEffects;
  /** Source line (1-based) of an instruction, for witnesses. */
  line(fn: CFunction, pc: number): number | undefined;
  /** First instructions of a function's statements, for coverage. */
  starts(fn: CFunction): readonly Start[];
  /** Where the names of driver functions are that nothing refers to: they are not compiled. */
  readonly unused: readonly number[];
}
