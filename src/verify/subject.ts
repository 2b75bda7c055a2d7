/** A driver, compiled to meet every program. */
import type { Access } from '../contract/invariants/check.js';
import { MAP_PRIVATE, MAP_SHARED, PROT_READ } from '../kernel/uapi.js';
import { kernelRoutines } from '../kernel/routine.js';
import type { LitmusTest } from '../litmus/ast.js';
import type { Facts } from '../kernel/facts.js';
import { compile, type Compiled } from '../run/boot.js';
import { declarations, type Declarations } from './declarations.js';
import { Kind, operations, type Operation } from './operations.js';
import { traitsOf, type Traits } from './source.js';
import type { Bounds } from './types.js';
import { User, type Owed } from './user.js';

export interface Subject {
  /** What it is the driver of. */
  readonly test: LitmusTest;
  readonly compiled: Compiled;
  readonly user: User;
  readonly menu: readonly Operation[];
  readonly access: Access;
  readonly declarations: Declarations;
  readonly traits: Traits;
}

/**
 * Leaves a test's threads and question aside, and puts the most general program in their place.
 * @throws DiagnosticError if the driver's code cannot be lowered
 */
export function subjectOf(test: LitmusTest, facts: Facts, ptrs: number, bounds: Bounds): Subject {
  const { condition: _condition, filter: _filter, ...driver } = test;
  const alone: LitmusTest = { ...driver, threads: [], memory: { ...test.memory, threadGroups: [] } };
  const c = compile(alone, facts, ptrs);
  const declared = declarations(test, c);
  const traits = traitsOf(test, c, declared);
  const menu = operations(c, bounds, traits);
  const { program } = c.lowered;
  const cell = program.cells.find(({ offset }) => offset === 0)!.word;
  const id = kernelRoutines.length + program.functions.length;
  const user = new User(id, menu, owed(menu, declared, bounds), c.lowered.touchesContents, cell);
  const threads = Array.from({ length: bounds.threads ?? 1 }, (_, i) => ({
    name: `P${i}`,
    fn: user.routine,
    variables: new Map(),
    operations: [],
    loops: true,
  }));
  const compiled: Compiled = {
    ...c,
    procOf: threads.map(() => 0),
    lowered: {
      ...c.lowered,
      program: { ...program, functions: [...program.functions, user.routine] },
      threads,
    },
  };
  return { test, compiled, user, menu, access: accessOf(test, c, declared), declarations: declared, traits };
}

/** The calls that a driver has promised to answer as it says. */
function owed(menu: readonly Operation[], { revokes, serves, whole }: Declarations, { races }: Bounds): Owed {
  const promised = (o: Operation, idle: boolean): boolean =>
    o.kind === Kind.Mmap &&
    o.c === PROT_READ &&
    serves.some(
      ({ type, pages, pgoff, idle: alone }) =>
        alone === idle &&
        o.b === pages &&
        o.offset!.pgoff === pgoff &&
        (type === undefined || o.d === (type === 'shared' ? MAP_SHARED : MAP_PRIVATE)),
    );
  const menuOf = (idle: boolean): ReadonlySet<Operation> => new Set(menu.filter((o) => promised(o, idle)));
  // Where others come in between, nobody knows what was mapped when the driver was asked, nor what it gave.
  return {
    revokes,
    serves: menuOf(false),
    servesIdle: races ? new Set() : menuOf(true),
    whole: whole && !races,
    alone: !races,
  };
}

/** Without `resource` lines a driver may give everything that is not `ram`. */
export function accessOf(test: LitmusTest, c: Compiled, declared: Declarations): Access {
  const reachable = new Uint8Array(c.mem.frames);
  const readonly = new Uint8Array(c.mem.frames);
  for (const { name, index, pages, kind } of c.mem.regions) {
    if (kind !== 'zero' && test.memory.resources.length === 0) reachable.fill(1, index, index + pages);
    if (declared.readonly.has(name)) readonly.fill(1, index, index + pages);
  }
  for (const { name, region, first, last } of test.memory.resources) {
    const { index } = c.mem.regions.find((r) => r.name === region)!;
    reachable.fill(1, index + first, index + last + 1);
    if (declared.readonly.has(name)) readonly.fill(1, index + first, index + last + 1);
  }
  return { reachable, readonly };
}
