import type { Arch, ArchName, ArchTraits } from '../arch/types.js';
import { inRelease, type PerRelease, type Release } from '../release.js';

/** How a fact is known: from reading the source of the three releases, or also seen on running kernels. */
export type Evidence = 'read' | 'measured';

/** What a fact's value may depend on: values of facts defined before it are in `facts`. */
export interface FactContext {
  readonly arch: Arch;
  readonly release: Release;
  readonly facts: Readonly<Record<string, boolean | number>>;
}

/** One thing that releases, configurations or architectures do differently. */
export interface FactDef<T extends boolean | number = boolean | number> {
  readonly type: T extends boolean ? 'boolean' : 'number';
  /** What is true when the fact is true; for numbers, what they count. One sentence. */
  readonly doc: string;
  /** Where it stands in the kernel: `mm/memory.c:vm_normal_page`. */
  readonly source: string;
  readonly evidence: Evidence;
  /** Section of the behaviour catalogue, or anomaly id. */
  readonly catalogue: string;
  value(context: FactContext): T;
}

/** Where a fact stands and how it is known: `evidence` defaults to 'read'. */
export interface FactDoc {
  readonly doc: string;
  readonly source: string;
  readonly catalogue: string;
  readonly evidence?: Evidence;
}

type Values<T> = readonly [v6_1: T, v6_12: T, v7_2: T];

function perRelease<T extends boolean | number>(values: Values<T>, release: Release): T {
  return release === '6.1' ? values[0] : release === '6.12' ? values[1] : values[2];
}

/** A fact of the release alone: values for 6.1, 6.12 and 7.2. */
export function byRelease(values: Values<boolean>, doc: FactDoc): FactDef<boolean> {
  return { evidence: 'read', ...doc, type: 'boolean', value: ({ release }) => perRelease(values, release) };
}

/** A release's behaviour that only architectures with a trait can show. */
export function byReleaseWhere(
  trait: keyof ArchTraits,
  values: Values<boolean>,
  doc: FactDoc,
): FactDef<boolean> {
  return {
    evidence: 'read',
    ...doc,
    type: 'boolean',
    value: ({ release, facts }) => facts[trait] === true && perRelease(values, release),
  };
}

/** A release's behaviour on the named architectures; the others have `elsewhere`. */
export function byReleaseOn(
  archs: readonly ArchName[],
  values: Values<boolean>,
  doc: FactDoc,
  elsewhere: Values<boolean> = [false, false, false],
): FactDef<boolean> {
  return {
    evidence: 'read',
    ...doc,
    type: 'boolean',
    value: ({ arch, release }) => perRelease(archs.includes(arch.name) ? values : elsewhere, release),
  };
}

/** An architecture's trait under the same name. */
export function trait(name: keyof ArchTraits, doc: FactDoc): FactDef<boolean> {
  return {
    evidence: 'read',
    ...doc,
    type: 'boolean',
    value: ({ arch, release }) => inRelease(arch.traits[name] as PerRelease<boolean>, release),
  };
}

/** A number that the architecture gives. */
export function archNumber(value: (arch: Arch) => PerRelease<number>, doc: FactDoc): FactDef<number> {
  return {
    evidence: 'read',
    ...doc,
    type: 'number',
    value: ({ arch, release }) => inRelease(value(arch), release),
  };
}

/** The same everywhere unless overridden: configuration, or "what if" switches. */
export function constant<T extends boolean | number>(value: T, doc: FactDoc): FactDef<T> {
  return {
    evidence: 'read',
    ...doc,
    type: (typeof value === 'boolean' ? 'boolean' : 'number') as FactDef<T>['type'],
    value: () => value,
  };
}

/** Follows from facts defined before it, overrides included. */
export function follows(
  from: (facts: Readonly<Record<string, boolean | number>>) => boolean,
  doc: FactDoc,
): FactDef<boolean> {
  return { evidence: 'read', ...doc, type: 'boolean', value: ({ facts }) => from(facts) };
}
