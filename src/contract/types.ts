/** The contract between mm and its drivers as data: rows say what the kernel does, rules say what somebody owes. */

/** How a statement is known: from reading the three releases' sources, or also from running kernels. */
export type Evidence = 'read' | 'measured';

/** Why an id has no litmus test. */
export const REASONS = {
  'anon-thp': 'needs transparent huge pages of anonymous memory',
  hugetlb: 'needs hugetlb',
  dax: 'needs device memory with devmap entries, or fsdax',
  swap: 'needs swap or reclaim',
  subsystem: 'is about a part of the kernel that the model leaves out',
  arch: 'needs an architecture, or a configuration of one, that the model does not have',
  hardware: 'needs a property of the hardware that the model does not have',
  build: 'is about what the kernel is built with, or about a debugging option of it',
  language: 'needs something that the language of the tests does not have',
  internal: 'is about a state inside the kernel that no observer of the language shows',
  unsteady: 'is about a hazard that every test here avoids or would leave undefined',
  'not yet': 'can be run as far as is known; nobody has written the test',
} as const satisfies Record<string, string>;

export type Reason = keyof typeof REASONS;

/** What rows and rules have in common. */
export interface Entry {
  /** Stable: `B.2-3`, `C.11-DONTNEED-PFNMAP`, `F-1a`, `F.V-1`, `H-9`. */
  readonly id: string;
  /** What is the case (rows, claims, anomalies) or has to be (rules). */
  readonly statement: string;
  /** Where it holds: a selector as in `Result(SEL):` of a litmus test; everywhere if absent. */
  readonly on?: string;
  /** Where it stands in the kernel: `mm/memory.c:vm_normal_page`. */
  readonly source: string;
  readonly evidence: Evidence;
  /** Why no litmus test shows it, with a word about this entry if the reason does not say all. */
  readonly untested?: { readonly reason: Reason; readonly detail?: string };
}

/** A part of the catalogue: a table of A to D, or a list of claims or anomalies. */
export interface Section {
  /** `B.2`. */
  readonly id: string;
  readonly title: string;
  readonly entries: readonly Entry[];
}

/** Who has to keep a rule. */
export type Party = 'driver' | 'core' | 'architecture' | 'user';

/** What the kernel does about a breach where it happens. */
export type Enforcement = 'BUG' | 'errno' | 'SIGBUS' | 'WARN' | 'report' | 'nothing';

/** For 6.1, 6.12 and 7.2. */
export type Enforced = Readonly<Record<'6.1' | '6.12' | '7.2', readonly Enforcement[]>>;

/** How litmus tests relate to a rule: one that keeps it and one that breaks it, or why there is none. */
export interface Cases {
  readonly obeying?: string;
  readonly breaking?: string;
}

export interface Rule extends Entry {
  readonly id: `F-${number}` | `F-${number}${'a' | 'b'}`;
  readonly kind: 'creation' | 'core' | 'architecture' | 'frames';
  readonly owes: readonly Party[];
  /** What happens to whom when it is broken. */
  readonly breaks: string;
  readonly enforcement: Enforced;
  /** What enforcement does not say in a word: which call, which error. */
  readonly enforced: string;
  /** Why there is no test that keeps it, or none that breaks it; absent where there is one. */
  readonly without: Cases;
}
