/** What a condition looks at becomes C of the program that watches a run. */
import type { LocalVariable, TypedFunction } from '../../c/typed.js';
import { ERRNO } from '../../kernel/errno.js';
import { KERNEL_FLAGS } from '../../kernel/flags.js';
import { MEMORY_TYPES } from '../../kernel/pte.js';
import { UAPI_CONSTANTS } from '../../kernel/uapi.js';
import type { ObserverTerm, ProcessPath, Term } from '../../litmus/ast.js';
import type { Observable } from '../../litmus/observables.js';
import { ATTRIBUTES, findObserver, VMA_FLAG_NAMES } from '../../litmus/observers.js';
import { cType } from './ctype.js';
import { fieldOf } from './thread.js';
import { Untranslatable } from './unsupported.js';

/** What observations need of the test they belong to. */
export interface ObservedTest {
  readonly threads: readonly TypedFunction[];
  /** `t12_P0`. */
  symbol(thread: number): string;
  region(name: string): string;
  /** Number of an observed global of the driver, as the module lists them. */
  global(path: readonly (string | number)[]): number;
  /** Width of cell 0 in bytes. */
  readonly cellBytes: number;
  /** Bytes of a page table's reach, by name: PMD_SIZE and PUD_SIZE are the machine's. */
  readonly sizes: Readonly<Record<string, bigint>>;
}

/** Whether an observable is about the time after all processes have exited. */
export function isAtEnd({ term }: Observable): boolean {
  if (term.kind === 'observer') return findObserver(term.observer)!.when === 'end';
  return term.kind === 'attribute' && ATTRIBUTES.find((a) => a.name === term.name)!.when === 'end';
}

/** One statement that takes down a register. */
export function noteText(o: Observable, test: ObservedTest): string {
  const flag = o.flag === undefined ? -1 : VMA_FLAG_NAMES.indexOf(o.flag);
  return `\tlit_note(${JSON.stringify(o.register)}, ${term(o.term, test, flag)});\n`;
}

function term(t: Term, test: ObservedTest, flag = -1): string {
  switch (t.kind) {
    case 'integer':
      return `lit_int(${t.value}LL)`;
    case 'special':
      return specialText(t.value);
    case 'region':
      return `lit_frame(${test.region(t.name)})`;
    case 'constant':
      return `lit_int(${constantValue(t.name, test)}LL)`;
    case 'arena':
      return 'lit_addr(LIT_ARENA)';
    case 'negate':
      return `lit_neg(${term(t.arg, test)})`;
    case 'binary':
      return `lit_binary('${t.op[0]!}', ${term(t.left, test)}, ${term(t.right, test)})`;
    case 'variable':
      return variable(t, test);
    case 'global':
      return `lit_global_variable(${test.global([t.name, ...t.path])})`;
    case 'attribute':
      return `lit_attribute(${process(t.process)}, "${t.name}")`;
    case 'observer':
      return observer(t, test, flag);
  }
}

/** A word of the language that is no number. */
export function specialText(word: (Term & { kind: 'special' })['value']): string {
  const type = (MEMORY_TYPES as readonly string[]).indexOf(word);
  return type < 0 ? `lit_special(LIT_${word.toUpperCase()})` : `lit_type(${type})`;
}

/** @throws {Untranslatable} if no machine has it */
export function constantValue(name: string, test: Pick<ObservedTest, 'sizes'>): bigint {
  const known: Readonly<Record<string, number>> = { PAGE_SIZE: 4096, PAGE_SHIFT: 12 };
  const size = test.sizes[name];
  if (size !== undefined) return size;
  const n =
    known[name] ??
    (ERRNO as Readonly<Record<string, number>>)[name] ??
    UAPI_CONSTANTS[name] ??
    KERNEL_FLAGS[name];
  if (n === undefined) throw new Untranslatable(`the condition names ${name}`);
  return BigInt(n);
}

function process({ thread, children }: ProcessPath): string {
  if (children.length === 0) return `lit_process(${thread}, 0, 0)`;
  return `lit_process(${thread}, ${children.length}, (const int[]){ ${children.join(', ')} })`;
}

function variable(t: Term & { kind: 'variable' }, test: ObservedTest): string {
  const local = test.threads[t.process.thread]!.locals.find((l) => l.name === t.name);
  if (local === undefined) throw new Untranslatable(`the condition names a part of ${t.name}`);
  const struct = `struct ${test.symbol(t.process.thread)}`;
  const field = fieldOf(local);
  return `lit_variable(${process(t.process)}, offsetof(${struct}, ${field}), sizeof(${cType(local.type)}), '${kind(local)}')`;
}

function kind({ type }: LocalVariable): string {
  if (type.kind === 'pointer') return 'p';
  return type.kind === 'int' && !type.signed ? 'u' : 's';
}

function observer(t: ObserverTerm, test: ObservedTest, flag: number): string {
  const name = `"${t.observer}"`;
  if (t.process !== undefined)
    return `lit_of_address(${name}, ${process(t.process)}, ${term(t.argument!, test)}, ${flag})`;
  if (t.argument !== undefined) return `lit_of_frame(${name}, ${term(t.argument, test)}, ${test.cellBytes})`;
  return `lit_of_system(${name}, ${t.name === undefined ? '0' : `"${t.name}"`})`;
}
