/**
 * Facts: what one release, configuration or architecture does differently from another. Model code asks a fact by its
 * name, never the release. A fact is a boolean or a number; `--fact NAME=VALUE` overrides one, which is how a reviewer asks
 * "what if the kernel refused this?".
 */
import type { Arch } from './arch/types.js';
import { classifyFacts } from './facts/classify.js';
import type { Evidence, FactDef } from './facts/define.js';
import { insertFacts } from './facts/insert.js';
import { lifeFacts } from './facts/life.js';
import { machineFacts } from './facts/machine.js';
import { observeFacts } from './facts/observe.js';
import { RELEASES, type Release } from './release.js';

export type { Evidence, FactDef } from './facts/define.js';

/** All facts by name. What `follows` from another comes after it. */
export const FACTS = {
  ...machineFacts,
  ...classifyFacts,
  ...insertFacts,
  ...lifeFacts,
  ...observeFacts,
} as const;

export type FactName = keyof typeof FACTS;

/** One configuration's values. All configurations' objects have the same fields in the same order. */
export type Facts = {
  readonly [K in FactName]: (typeof FACTS)[K] extends FactDef<infer T>
    ? T extends boolean
      ? boolean
      : number
    : never;
};

/** Values given by the user, as text or already typed. */
export type FactOverrides = Readonly<Record<string, string | number | boolean>>;

/** An override names no fact, or its value does not fit. */
export class FactError extends Error {
  constructor(
    message: string,
    /** The name as given. */
    readonly fact: string,
    /** Facts with a similar name, best first; empty if the value was wrong. */
    readonly near: readonly FactName[],
  ) {
    super(message);
  }
}

/** Names of all facts, in the order of their definition. */
export const FACT_NAMES = Object.keys(FACTS) as readonly FactName[];

function isFactName(name: string): name is FactName {
  return Object.hasOwn(FACTS, name);
}

/**
 * The facts of one architecture and release.
 * @param overrides values that replace the known ones; facts that follow from an overridden one follow it
 * @throws FactError for an unknown name or a value of the wrong type
 */
export function factsFor(arch: Arch, release: Release, overrides: FactOverrides = {}): Facts {
  const given = new Map<string, boolean | number>();
  for (const [name, value] of Object.entries(overrides)) given.set(name, checkedValue(name, value));
  const facts: Record<string, boolean | number> = {};
  for (const name of FACT_NAMES) {
    facts[name] = given.get(name) ?? FACTS[name].value({ arch, release, facts });
  }
  // JSON.parse gives all these objects one hidden class with plain fields; adding them one by one does not.
  return JSON.parse(JSON.stringify(facts)) as Facts;
}

/**
 * Reads `NAME=VALUE` of a command line.
 * @throws FactError if there is no `=`, no such fact, or no such value
 */
export function parseFact(text: string): readonly [FactName, boolean | number] {
  const at = text.indexOf('=');
  if (at < 0) throw new FactError(`expected NAME=VALUE, got '${text}'`, text, nearFacts(text));
  const name = text.slice(0, at).trim();
  const value = checkedValue(name, text.slice(at + 1).trim());
  return [name as FactName, value];
}

function checkedValue(name: string, value: string | number | boolean): boolean | number {
  if (!isFactName(name)) {
    const near = nearFacts(name);
    const hint = near.length > 0 ? `; near: ${near.join(', ')}` : '';
    throw new FactError(`no fact is called '${name}'${hint}`, name, near);
  }
  const fits = FACTS[name].type === 'boolean' ? asBoolean(value) : asNumber(value);
  if (fits === undefined) {
    const wanted = FACTS[name].type === 'boolean' ? 'true or false' : 'a number';
    throw new FactError(`fact '${name}' is ${wanted}, got '${value}'`, name, []);
  }
  return fits;
}

/** Larger numbers would be stored differently, and the objects of two configurations no longer be alike. */
const MAX_NUMBER = 2 ** 30;

function asBoolean(value: string | number | boolean): boolean | undefined {
  const text = String(value).toLowerCase();
  if (['true', '1', 'yes', 'y', 'on'].includes(text)) return true;
  if (['false', '0', 'no', 'n', 'off'].includes(text)) return false;
  return undefined;
}

function asNumber(value: string | number | boolean): number | undefined {
  if (typeof value === 'boolean' || value === '') return undefined;
  const n = Number(value);
  return Number.isInteger(n) && n >= 0 && n < MAX_NUMBER ? n : undefined;
}

/** Facts whose names are similar to `name`: few edits away, or with a part in common. At most four, best first. */
export function nearFacts(name: string): readonly FactName[] {
  const wanted = name.toLowerCase();
  if (wanted === '') return [];
  const scored = FACT_NAMES.map((fact) => {
    const known = fact.toLowerCase();
    const holds = wanted.length >= 4 && (known.includes(wanted) || wanted.includes(known));
    return { fact, score: holds ? 1 : editDistance(wanted, known) };
  });
  const limit = Math.max(2, Math.floor(wanted.length / 3));
  return scored
    .filter(({ score }) => score <= limit)
    .sort((a, b) => a.score - b.score)
    .slice(0, 4)
    .map(({ fact }) => fact);
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitute = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(substitute, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/** One line of `pfnmap list facts`. */
export interface FactRow {
  readonly name: FactName;
  readonly type: 'boolean' | 'number';
  readonly doc: string;
  readonly source: string;
  readonly evidence: Evidence;
  readonly catalogue: string;
  /** For each release, the values by architecture, in the order of `archs`. */
  readonly values: Readonly<Record<Release, readonly (boolean | number)[]>>;
  /** Whether all architectures have the same values. */
  readonly sameOnAllArchs: boolean;
}

/** All facts with their values on the given architectures. */
export function factTable(archs: readonly Arch[]): readonly FactRow[] {
  const known = RELEASES.map((release) => archs.map((arch) => factsFor(arch, release)));
  return FACT_NAMES.map((name) => {
    const { type, doc, source, evidence, catalogue } = FACTS[name];
    const columns = known.map((column) => column.map((facts) => facts[name]));
    const [v61, v612, v72] = columns as [(typeof columns)[0], (typeof columns)[0], (typeof columns)[0]];
    const values = { '6.1': v61, '6.12': v612, '7.2': v72 };
    const sameOnAllArchs = columns.every((column) => column.every((v) => v === column[0]));
    return { name, type, doc, source, evidence, catalogue, values, sameOnAllArchs };
  });
}
