/** The contract: every row of the catalogue, every rule, every claim and anomaly, under stable ids. */
import { A } from './catalogue/a.js';
import { B } from './catalogue/b.js';
import { C_BEGINS } from './catalogue/c.js';
import { C_CHANGES } from './catalogue/c-later.js';
import { CLAIMS } from './catalogue/claims.js';
import { D_OTHERS, D_WALKS } from './catalogue/d.js';
import { H } from './catalogue/h.js';
import { CORE_RULES } from './rules/core.js';
import { CREATION } from './rules/creation.js';
import { MACHINE_RULES } from './rules/machine.js';
import { MEASURED } from './measured.js';
import type { Entry, Evidence, Rule, Section } from './types.js';

const ALL_RULES = [...CREATION, ...CORE_RULES, ...MACHINE_RULES] as const;

/** `'F-1a' | 'F-1b' | 'F-2' ...`: what an invariant may be tied to. */
export type RuleId = (typeof ALL_RULES)[number]['id'];

/** Read or measured, by what real kernels have shown. */
function known<T extends Entry>(entry: T): T {
  const evidence: Evidence = MEASURED.has(entry.id) ? 'measured' : 'read';
  return { ...entry, evidence };
}

/** The rules, in the order of their numbers. */
export const RULES: readonly Rule[] = ALL_RULES.map((rule: Rule) => known(rule));

/** The tables of A to D, the claims (F.V) and the anomalies (H). */
export const SECTIONS: readonly Section[] = [
  ...A,
  ...B,
  ...C_BEGINS,
  ...C_CHANGES,
  ...D_WALKS,
  ...D_OTHERS,
  CLAIMS,
  H,
].map((section) => ({ ...section, entries: section.entries.map(known) }));

/** Everything that has an id. */
export const ENTRIES: readonly Entry[] = [...SECTIONS.flatMap(({ entries }) => entries), ...RULES];

/** All ids. */
export const CONTRACT_IDS: ReadonlySet<string> = new Set(ENTRIES.map(({ id }) => id));

/** Whether an id is that of a rule, which a test can keep or break. */
export function isRule(id: string): boolean {
  return /^F-\d/.test(id);
}

/** The rule of an id; undefined for other ids. */
export function ruleNamed(id: string): Rule | undefined {
  return RULES.find((rule) => rule.id === id);
}

export { REASONS } from './types.js';
export type { Enforced, Enforcement, Entry, Evidence, Party, Reason, Rule, Section } from './types.js';
