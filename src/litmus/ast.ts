/**
 * The tree of a litmus test. All spans are UTF-16 offsets into the test's whole text.
 */
import type { Block, TranslationUnit } from '../c/ast.js';
import type { Source, Span } from '../c/diagnostics.js';
import type { MemoryType } from '../kernel/pte.js';
import type { AttributeName, ObserverName } from './observers.js';
import type { SizeTerm } from './region-size.js';
import type { Selector } from './selector.js';

/** Words of herd7's `Observation` line that a test may expect. */
export type Verdict = 'Never' | 'Sometimes' | 'Always';

/** `Result: Never` or `Result(SEL): Never`. */
export interface ResultLine {
  /** Absent: every configuration. */
  readonly selector?: Selector;
  readonly verdict: Verdict;
  readonly span: Span;
}

/** What a test says about an id of the contract: it shows it, keeps it or breaks it. */
export interface Reference {
  readonly role: 'shows' | 'obeys' | 'breaks';
  /** `B.2-over-entry`, `F-1a`. */
  readonly id: string;
  readonly span: Span;
}

export type RegionKind = 'ram' | 'reserved' | 'mmio' | 'device';
export type MmioPlacement = 'low' | 'high' | 'io';

/** `ram NAME = N pages;`, `mmio NAME = N pages low;` or, with literal pfns, `ram [NAME =] A..B;`. */
export interface Region {
  readonly kind: RegionKind;
  /** Absent only for a literal range without a name. */
  readonly name?: string;
  readonly nameSpan: Span;
  /** Number of frames; of a region with a `size`, what it comes to with the model's usual tables. */
  readonly pages: number;
  /** `2 * PTRS_PER_PTE pages`: see {@link regionPages}. */
  readonly size?: readonly SizeTerm[];
  /** First pfn, when the region is written with literal pfns; the test is then for the model only. */
  readonly first?: number;
  /** Where an `mmio` region lies in relation to RAM; absent: the architecture's usual place. */
  readonly placement?: MmioPlacement;
  readonly span: Span;
}

/** `resource NAME = REGION[A..B];`: the frames A to B (both included) of REGION, which user space may reach. */
export interface Resource {
  readonly name: string;
  readonly nameSpan: Span;
  readonly region: string;
  readonly regionSpan: Span;
  readonly first: number;
  readonly last: number;
  readonly span: Span;
}

export type OptionValue = string | number | boolean;

/** `option NAME = VALUE;`; `option NAME;` has the value true. */
export interface MemoryOption {
  readonly name: string;
  readonly nameSpan: Span;
  readonly value: OptionValue;
  readonly span: Span;
}

/** `NAME[k] = v;`: cell 0 of frame k of region NAME holds v at the start. */
export interface InitialContents {
  readonly region: string;
  readonly regionSpan: Span;
  readonly index: number;
  readonly value: bigint;
  readonly span: Span;
}

/** `threads P0 P1;`: these run in one process, with one mm and one file table. */
export interface ThreadGroup {
  readonly threads: readonly { readonly index: number; readonly span: Span }[];
  readonly span: Span;
}

export interface MemoryBlock {
  readonly regions: readonly Region[];
  readonly resources: readonly Resource[];
  readonly options: readonly MemoryOption[];
  readonly contents: readonly InitialContents[];
  readonly threadGroups: readonly ThreadGroup[];
  /** `faults alloc;`: every allocation may fail. */
  readonly faultsAlloc: boolean;
  readonly span: Span;
}

/** A process: thread number and the path of children, `0:c1.c2` being `{ thread: 0, children: [1, 2] }`. */
export interface ProcessPath {
  readonly thread: number;
  /** k-th child, counted from 1, then its k-th child, and so on. */
  readonly children: readonly number[];
  readonly span: Span;
}

export type ComparisonOperator = '=' | '!=' | '<' | '<=' | '>' | '>=';
export type ArithmeticOperator = '+' | '-' | '*' | '<<' | '>>';

/** A value in a condition. Names have been resolved: what is left can be evaluated. */
export type Term =
  /** `name`: the macro or member of an enumeration of the driver that was written for it. */
  | {
      readonly kind: 'integer';
      readonly value: bigint;
      readonly hex: boolean;
      readonly name?: string;
      readonly span: Span;
    }
  | { readonly kind: 'special'; readonly value: 'NULL' | 'none' | 'dead' | MemoryType; readonly span: Span }
  /** Name of a region or resource: its first pfn. */
  | { readonly kind: 'region'; readonly name: string; readonly span: Span }
  /** A C constant such as `EINVAL`, `SIGBUS` or `PAGE_SIZE`. */
  | { readonly kind: 'constant'; readonly name: string; readonly span: Span }
  /** A global of the driver, with members and elements: `state`, `dev.count`, `slot[2]`. */
  | {
      readonly kind: 'global';
      readonly name: string;
      readonly path: readonly (string | number)[];
      readonly span: Span;
    }
  /** `0:c1.x`. In the address expression of an observer the process is the observer's and is not written again. */
  | { readonly kind: 'variable'; readonly process: ProcessPath; readonly name: string; readonly span: Span }
  /** The start of the arena in which mmap places, for `arena + n * PAGE_SIZE`. */
  | { readonly kind: 'arena'; readonly span: Span }
  | {
      readonly kind: 'attribute';
      readonly process: ProcessPath;
      readonly name: AttributeName;
      readonly span: Span;
    }
  | ObserverTerm
  | { readonly kind: 'negate'; readonly arg: Term; readonly span: Span }
  | {
      readonly kind: 'binary';
      readonly op: ArithmeticOperator;
      readonly left: Term;
      readonly right: Term;
      readonly span: Span;
    };

export interface ObserverTerm {
  readonly kind: 'observer';
  readonly observer: ObserverName;
  /** Present exactly for observers of scope `process`. */
  readonly process?: ProcessPath;
  /** Present for observers that take an address or a frame. */
  readonly argument?: Term;
  /** Present for observers that take a name: `bug(vmf_insert_pfn)`. */
  readonly name?: string;
  readonly span: Span;
}

/** A proposition. `and` and `or` have two or more arguments, none of them of the same kind. */
export type Prop =
  | { readonly kind: 'and' | 'or'; readonly args: readonly Prop[]; readonly span: Span }
  | { readonly kind: 'not'; readonly arg: Prop; readonly span: Span }
  | { readonly kind: 'literal'; readonly value: boolean; readonly span: Span }
  | {
      readonly kind: 'compare';
      readonly op: ComparisonOperator;
      readonly left: Term;
      readonly right: Term;
      readonly span: Span;
    }
  /** An observer of value `truth` standing alone: `leaked()`. */
  | { readonly kind: 'truth'; readonly term: ObserverTerm; readonly span: Span }
  /** `0:vma_flags(p) & IO`. */
  | { readonly kind: 'flag'; readonly term: ObserverTerm; readonly flag: string; readonly span: Span };

export type Quantifier = 'exists' | '~exists' | 'forall';

export interface Condition {
  readonly quantifier: Quantifier;
  readonly prop: Prop;
  readonly span: Span;
}

/** Where the parts of a test stand in its text, before any of them is parsed. */
export interface Fragments {
  readonly source: Source;
  readonly name: string;
  readonly nameSpan: Span;
  /** The `(* ... *)` comments of the header, delimiters included. */
  readonly comments: readonly Span[];
  /** The memory block, braces included; absent if there is none, which has been reported. */
  readonly memory?: Span;
  readonly driver: Span;
  readonly threads: readonly ThreadFragment[];
  /** Everything from `filter` or the quantifier to the end of the text. */
  readonly condition?: Span;
}

export interface ThreadFragment {
  readonly index: number;
  /** `P0`. */
  readonly nameSpan: Span;
  /** From `P0` to the closing brace. */
  readonly span: Span;
}

/** A thread with its body parsed. */
export interface ThreadSource extends ThreadFragment {
  readonly body: Block;
}

/** A test whose structure is right: every name in its condition stands for something. */
export interface LitmusTest {
  readonly name: string;
  readonly source: Source;
  /** The prose of the header. */
  readonly comment: string;
  readonly results: readonly ResultLine[];
  readonly only?: Selector;
  /** Ids of the contract, in the order of the text. */
  readonly references: readonly Reference[];
  readonly memory: MemoryBlock;
  readonly driver: TranslationUnit;
  /** Typedef names that the driver declares. */
  readonly typeNames: ReadonlySet<string>;
  /** P0, P1, ... in this order. */
  readonly threads: readonly ThreadSource[];
  /** Outcomes for which it is false are dropped. */
  readonly filter?: Prop;
  /** Absent: the question is whether the invariants hold. */
  readonly condition?: Condition;
  /** MD5 of the normalised text, 32 hexadecimal digits. */
  readonly hash: string;
}
