/** Parses a litmus test as a whole. */
import { DiagnosticError, DiagnosticSink } from '../c/diagnostics.js';
import type { Source } from '../c/diagnostics.js';
import { parseBudget, type Grammar } from '../c/grammar.js';
import { MAX_SOURCE_LENGTH, parseDriver, parseThread } from '../c/parse.js';
import type { ParseOptions, TypeNames } from '../c/parse.js';
import type {
  Condition,
  Fragments,
  LitmusTest,
  MemoryBlock,
  Prop,
  ThreadGroup,
  ThreadSource,
} from './ast.js';
import {
  checkCodeNames,
  checkLiteralRanges,
  checkMemoryNames,
  checkRegionReferences,
  checkThreadGroups,
  checkThreads,
  MAX_THREADS,
} from './check.js';
import { parseClauses } from './condition.js';
import { testHash } from './hash.js';
import { parseHeader } from './header.js';
import { parseMemory } from './memory.js';
import { resolveProp } from './resolve.js';
import { cut } from './scan.js';
import { makeScope, threadScope } from './scope.js';
import type { Scope, ThreadScope } from './scope.js';

/** Reports of one text beyond this number help nobody. */
const MAX_DIAGNOSTICS = 50;

export interface LoadOptions {
  /** A driver alone is a test, too: it is asked about with every program (`pfnmap verify`). */
  readonly threadless?: boolean;
}

/**
 * Parses a litmus test and checks its structure. Selectors and options are not held against known configurations and facts
 * here: {@link checkSelections} does that.
 * @throws {DiagnosticError} with all mistakes found
 */
export function parseLitmus(source: Source, grammar: Grammar, options: LoadOptions = {}): LitmusTest {
  const sink = new DiagnosticSink(source, MAX_DIAGNOSTICS);
  if (source.text.length > 2 * MAX_SOURCE_LENGTH) {
    const span = { start: 0, end: 1 };
    sink.error('PFN2006', `the text has more than ${2 * MAX_SOURCE_LENGTH} characters`, span);
    throw new DiagnosticError(source, sink.diagnostics);
  }
  const fragments = cut(source, sink);
  const { comment, results, only, references } = parseHeader(source.text, fragments.comments, sink);
  const memory = parseMemory(source.text, fragments.memory, sink);
  const names = checkMemory(memory, sink);
  const { driver, driverKnown, typeNames, threads } = parseCode(fragments, grammar, sink);
  // without a memory block the rest of the text was not looked at as C
  const optional = options.threadless === true && fragments.threads.length === 0;
  if (!optional && (fragments.memory || fragments.threads.length > 0))
    checkThreads(fragments.threads, fragments.driver.end, sink);
  checkThreadGroups(memory, fragments.threads, sink);
  checkCodeNames(names, driver, threads, sink);
  const scope = makeScope(memory, driver, driverKnown, threadScopes(fragments, threads, memory));
  const { condition, filter } = parseCondition(fragments, scope, sink);
  sink.throwIfErrors();
  return {
    name: fragments.name,
    source,
    comment,
    results,
    ...(only ? { only } : {}),
    references,
    memory,
    driver,
    typeNames,
    threads,
    ...(condition ? { condition } : {}),
    ...(filter ? { filter } : {}),
    hash: testHash(fragments),
  };
}

function checkMemory(memory: MemoryBlock, sink: DiagnosticSink): ReturnType<typeof checkMemoryNames> {
  checkLiteralRanges(memory, sink);
  checkRegionReferences(memory, sink);
  return checkMemoryNames(memory, sink);
}

interface Code {
  readonly driver: LitmusTest['driver'];
  readonly driverKnown: boolean;
  readonly typeNames: TypeNames;
  readonly threads: ThreadSource[];
}

function parseCode(fragments: Fragments, grammar: Grammar, sink: DiagnosticSink): Code {
  const options: ParseOptions = {
    grammar,
    source: fragments.source,
    sink,
    budget: parseBudget(),
  };
  const before = sink.count;
  const { typeNames, ...driver } = parseDriver(options, fragments.driver);
  const driverKnown = sink.count === before;
  const threads = fragments.threads.slice(0, MAX_THREADS).flatMap((fragment) => {
    const errors = sink.count;
    const thread = parseThread(options, fragment.span, typeNames);
    return thread && sink.count === errors ? [{ ...fragment, body: thread.body }] : [];
  });
  return { driver, driverKnown, typeNames, threads };
}

/** The scope of every thread; undefined for one that could not be parsed, whose names are then not known. */
function threadScopes(
  fragments: Fragments,
  threads: readonly ThreadSource[],
  memory: MemoryBlock,
): Map<number, ThreadScope | undefined> {
  const scopes = new Map<number, ThreadScope | undefined>(fragments.threads.map((t) => [t.index, undefined]));
  for (const thread of threads) scopes.set(thread.index, threadScope(thread, fragments.source.text));
  for (const group of memory.threadGroups) shareForks(group, scopes);
  return scopes;
}

/** Threads of one process have their children in common. */
function shareForks(group: ThreadGroup, scopes: Map<number, ThreadScope | undefined>): void {
  const members = group.threads.map((t) => scopes.get(t.index)).filter((s) => s !== undefined);
  const forks = members.length < group.threads.length || members.some((s) => s.forks);
  for (const scope of members) scopes.set(scope.index, { ...scope, forks });
}

function parseCondition(
  fragments: Fragments,
  scope: Scope,
  sink: DiagnosticSink,
): { condition?: Condition; filter?: Prop } {
  const { text } = fragments.source;
  const raw = parseClauses(text, fragments.condition, sink);
  const filter = raw.filter && resolveProp(raw.filter.prop, scope, text, sink);
  const prop = raw.condition && resolveProp(raw.condition.prop, scope, text, sink);
  return {
    ...(filter ? { filter } : {}),
    ...(raw.condition && prop ? { condition: { ...raw.condition, prop } } : {}),
  };
}
