/** What a verification takes and what it gives. */
import type { Party } from '../contract/index.js';
import type { InvariantId } from '../contract/invariants/list.js';
import type { Symmetry } from '../kernel/exchange.js';
import type { Facts } from '../kernel/facts.js';
import type { Capacities } from '../kernel/layout.js';
import type { LitmusTest } from '../litmus/ast.js';
import type { Picture } from '../run/picture/types.js';
import type { Crew, CrewFailure } from '../run/help.js';
import type { ModelCoverage, Progress } from '../run/result.js';
import type { Twin } from '../run/twin.js';

/** What `--only` calls an operation. */
export type KindName =
  | 'open'
  | 'close'
  | 'mmap'
  | 'munmap'
  | 'mprotect'
  | 'madvise'
  | 'mremap'
  | 'load'
  | 'store'
  | 'gup'
  | 'procmem'
  | 'ioctl'
  | 'fork'
  | 'exit';

/** How large the world of programs is. Everything beyond is excluded, and every `holds` says so. */
export interface Bounds {
  /** Processes that ever live: one, and what fork makes. */
  readonly processes: number;
  /** Pages of address space of each. */
  readonly pages: number;
  /** Descriptors of each. */
  readonly files: number;
  /** Threads of the first process; absent: one. What fork makes has one. */
  readonly threads?: number;
  /** Whether others come in inside system calls, and not only between them. */
  readonly races: boolean;
  /** Operations that programs make; absent: all. */
  readonly only?: readonly KindName[];
  /** Offsets of mmap(), in pages, that programs use; absent: those of the menu. */
  readonly offsets?: readonly number[];
}

export interface VerifyOptions extends Partial<Bounds> {
  readonly arch: string;
  readonly release: string;
  readonly facts?: Readonly<Record<string, string | number | boolean>>;
  readonly ptrs?: number;
  /** False: states that differ in names only are kept apart, to check that they need not be. */
  readonly symmetry?: boolean;
  /** Operations that a program may make. */
  readonly depth?: number;
  readonly timeoutMs?: number;
  readonly maxStates?: number;
  /** Bound on the bytes that the search keeps. */
  readonly maxBytes?: number;
  /** Keep fingerprints of states only: less memory, but never exhaustive. */
  readonly compact?: boolean;
  /** Also say what was never reached. */
  readonly coverage?: boolean;
  readonly onProgress?: (progress: Progress) => void;
  readonly signal?: AbortSignal;
  /** Threads that help with a large search. With `compact`, `coverage`, `maxStates` or `depth` there is none. */
  readonly crew?: Crew<VerifyPlan, VerifyReport>;
  /** Makes the same system once more, in an engine of its own, to be looked at: a large search remembers what operations do. */
  readonly twin?: () => VerifyTwinOf;
}

/** One operation on the way to a violation. */
export interface VerifyStep {
  /** `P0`, `P0:c1`. */
  readonly thread: string;
  /** As C: `mmap(arena, PAGE_SIZE, PROT_READ, MAP_PRIVATE | MAP_FIXED, fd, 0)`. */
  readonly operation: string;
  readonly changes: readonly string[];
  /** Rules that this operation broke first. */
  readonly rules: readonly string[];
  /** The state after it. */
  readonly picture: Picture;
}

/** The first rule that was broken on the way. */
export interface Blame {
  /** Absent where the contract need not speak of it: a mistake of C, a page forgotten. */
  readonly rule?: string;
  readonly by: Party;
  /** Number of the step, from 1. */
  readonly step: number;
  /** What happened, in words. */
  readonly how: string;
}

export interface Violation {
  readonly invariant: InvariantId;
  readonly statement: string;
  /** Where it shows, in words. */
  readonly where: string;
  /** Absent: no rule that can be watched was broken; the contract has a hole. */
  readonly blame?: Blame;
  /** The same as names of a {@link Picture}, as far as it shows in one place. */
  readonly at: { readonly process?: string; readonly page?: number; readonly frame?: string };
  /** The state before the first step. */
  readonly start: Picture;
  readonly steps: readonly VerifyStep[];
  /** The same as a litmus test; absent where its language cannot say it. */
  readonly litmus?: string;
}

/** What a search has reached, and what it has not. */
export interface Coverage {
  /** Statements of the driver, and how many of them began in some execution. */
  readonly statements: number;
  readonly reached: number;
  /** The others, and functions that nothing refers to: one place for each line, with the text from there on. */
  readonly unreached: readonly { readonly line: number; readonly column: number; readonly text: string }[];
  /** Facts of the model that were never asked: what differs by them alone could have made no difference. */
  readonly unaskedFacts: readonly string[];
  /** Rules that are watched and that nobody had an occasion to break, and what would have been one. */
  readonly idleRules: readonly { readonly rule: string; readonly when: string }[];
  /** Where whoever asked could watch the model's own code. */
  readonly model?: ModelCoverage;
}

export type VerifyVerdict = 'holds' | 'violated' | 'unknown' | 'n/a';

export interface VerifyResult {
  readonly test: string;
  readonly file: string;
  readonly arch: string;
  readonly release: string;
  readonly verdict: VerifyVerdict;
  /** Why it is unknown or n/a. */
  readonly reason?: string;
  /** What the header's `Verify:` line says (`expectation.ts`). */
  readonly expected?: string;
  readonly violation?: Violation;
  /** Distinct states, transitions, and operations on the longest of the shortest paths looked at. */
  readonly states: number;
  readonly transitions: number;
  readonly depth: number;
  /** Whether every state within the bounds was seen. */
  readonly exhaustive: boolean;
  /** The worlds that were searched, one after the other. */
  readonly bounds: readonly Bounds[];
  /** What the verdict does not speak about. */
  readonly excludes: readonly string[];
  /** If it was asked for. */
  readonly coverage?: Coverage;
  readonly timeMs: number;
}

/** How a world is searched. Can be sent to another thread. */
export interface Settings {
  readonly caps: Capacities;
  readonly races: boolean;
  /** Whether states that differ in names only are one. */
  readonly renaming: boolean;
  readonly symmetry: Symmetry | undefined;
}

/** Makes a system to be looked at (twin.ts), in an engine of its own. */
export type VerifyTwinOf = (
  test: LitmusTest,
  facts: Facts,
  ptrs: number,
  bounds: Bounds,
  settings: Settings,
) => Twin;

/** What a thread is told of a search before it joins it. Can be sent to another thread. */
export interface VerifyPlan extends Settings {
  readonly facts: Facts;
  readonly ptrs: number;
  readonly bounds: Bounds;
  readonly maxBytes: number | undefined;
}

/** What such a thread has found. */
export interface VerifyReport {
  readonly states: number;
  readonly transitions: number;
  readonly loaded: boolean;
  readonly mapped: boolean;
  /** What was met outside of the bounds. */
  readonly bounds: readonly string[];
  readonly unknown: readonly string[];
  readonly failure?: CrewFailure;
}
