import type { Enforced, Enforcement, Entry, Reason, Section } from './types.js';

/** What a row may say beside its statement. */
export interface RowOptions {
  readonly on?: string;
  readonly source?: string;
  readonly untested?: Reason;
  readonly detail?: string;
}

/** The last part of the id, the statement, and the rest. */
export type Row = readonly [key: string, statement: string, options?: RowOptions];

/**
 * A table of the catalogue.
 * @param source where its rows stand unless they say otherwise
 * @param on where its rows hold unless they say otherwise
 */
export function section(
  id: string,
  title: string,
  where: { readonly source: string; readonly on?: string },
  rows: readonly Row[],
): Section {
  const entries = rows.map(([key, statement, { untested, detail, ...own } = {}]): Entry => {
    const reason = untested && { untested: { reason: untested, ...(detail ? { detail } : {}) } };
    return { id: `${id}-${key}`, statement, ...where, evidence: 'read', ...own, ...reason };
  });
  return { id, title, entries };
}

/** The same in all releases, or one value each for 6.1, 6.12 and 7.2; several words are alternatives. */
export function enforced(...by: readonly (Enforcement | readonly Enforcement[])[]): Enforced {
  const list = (at: number): readonly Enforcement[] => [by[Math.min(at, by.length - 1)]!].flat();
  return { '6.1': list(0), '6.12': list(1), '7.2': list(2) };
}
