/** What names stand for in a condition: gathered from the memory block, the driver and the threads. */
import type { Declaration, Statement, TopLevel, TranslationUnit } from '../c/ast.js';
import type { Span } from '../c/diagnostics.js';
import type { MemoryBlock, ThreadSource } from './ast.js';
import { driverConstants } from './driver-constants.js';
import type { DriverConstants } from './driver-constants.js';

export interface ThreadScope {
  readonly index: number;
  /** Every declaration of each variable, in whatever block. */
  readonly variables: ReadonlyMap<string, readonly Declaration[]>;
  /** Calls fork() somewhere. */
  readonly forks: boolean;
}

export interface Scope {
  /** Regions and resources. */
  readonly regions: ReadonlySet<string>;
  /** Variables at file scope in the driver. */
  readonly globals: ReadonlySet<string>;
  /** Object-like macros and members of enumerations. */
  readonly constants: DriverConstants;
  /** Whether all of the driver could be parsed; else an unknown name may be one of its names. */
  readonly driverKnown: boolean;
  /** A thread that could not be parsed has the value undefined. */
  readonly threads: ReadonlyMap<number, ThreadScope | undefined>;
}

/** A name that the driver declares at file scope. */
export interface FileScopeName {
  readonly name: string;
  readonly span: Span;
  readonly variable: boolean;
}

/** All names at file scope of the driver, functions included. */
export function fileScopeNames(items: readonly TopLevel[]): FileScopeName[] {
  return items.flatMap((item): FileScopeName[] => {
    switch (item.kind) {
      case 'declaration':
        return [{ name: item.name, span: item.nameSpan, variable: item.type.kind !== 'function' }];
      case 'function':
        return [{ name: item.name, span: item.nameSpan, variable: false }];
      case 'macro':
        return definedByMacro(item);
      case 'typedef':
      case 'type':
        return [];
    }
  });
}

/** `DEFINE_MUTEX(lock);` and its like declare their first argument. */
function definedByMacro(item: TopLevel & { kind: 'macro' }): FileScopeName[] {
  const first = item.args[0];
  if (!item.name.startsWith('DEFINE_') || first?.kind !== 'name') return [];
  return [{ name: first.name, span: first.span, variable: true }];
}

/** Every declaration inside a statement, nested blocks and loop headers included. */
export function declarationsIn(statements: readonly Statement[]): Declaration[] {
  const found: Declaration[] = [];
  const pending: (Statement | undefined)[] = [...statements].reverse();
  while (pending.length > 0) {
    const statement = pending.pop();
    if (!statement) continue;
    if (statement.kind === 'declaration') found.push(statement);
    else pending.push(...children(statement).reverse());
  }
  return found;
}

function children(statement: Statement): (Statement | undefined)[] {
  switch (statement.kind) {
    case 'block':
    case 'case':
      return [...statement.body];
    case 'if':
      return [statement.then, statement.otherwise];
    case 'while':
    case 'do':
    case 'switch':
    case 'label':
      return [statement.body];
    case 'for':
      return [...statement.init, statement.body];
    default:
      return [];
  }
}

export function threadScope(thread: ThreadSource, text: string): ThreadScope {
  const variables = new Map<string, Declaration[]>();
  for (const declaration of declarationsIn(thread.body.body)) {
    const known = variables.get(declaration.name);
    if (known) known.push(declaration);
    else variables.set(declaration.name, [declaration]);
  }
  const forks = /\bv?fork\s*\(/.test(text.slice(thread.span.start, thread.span.end));
  return { index: thread.index, variables, forks };
}

/** @param threads scopes by thread number; undefined where the thread could not be parsed */
export function makeScope(
  memory: MemoryBlock,
  driver: TranslationUnit,
  driverKnown: boolean,
  threads: ReadonlyMap<number, ThreadScope | undefined>,
): Scope {
  const named = [...memory.regions, ...memory.resources].flatMap((r) =>
    r.name === undefined ? [] : [r.name],
  );
  const globals = fileScopeNames(driver.items).filter((n) => n.variable);
  return {
    regions: new Set(named),
    globals: new Set(globals.map((n) => n.name)),
    constants: driverConstants(driver),
    driverKnown,
    threads,
  };
}
