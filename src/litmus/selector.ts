/**
 * Selectors: the `SEL` of `Result(SEL):` and `Only: SEL`, which name a set of configurations.
 *
 * A selector is a comma-separated list. Its architectures are or-ed, its releases (`6.1`, `>=6.12`, `<7.2`) are or-ed, its
 * traits (`pte_special`, `!pmd_pfnmap`) are and-ed, and the three groups are and-ed; an absent group selects everything.
 * Traits are and-ed because each names a property that the test relies on: `pte_special, folio_walk` needs both. Only traits
 * can be negated: or-ed negations of architectures or releases would select nearly everything.
 */
import type { Span } from '../c/diagnostics.js';

/** One kernel that a test can run on. */
export interface Configuration {
  readonly arch: string;
  /** `6.12`. */
  readonly release: string;
  readonly traits: ReadonlySet<string>;
}

export type ReleaseOperator = '=' | '<' | '<=' | '>' | '>=';

export type SelectorItem =
  | { readonly kind: 'release'; readonly op: ReleaseOperator; readonly release: string; readonly span: Span }
  /** An architecture or a trait: which of them, the configurations tell. */
  | { readonly kind: 'name'; readonly name: string; readonly negated: boolean; readonly span: Span };

export interface Selector {
  readonly items: readonly SelectorItem[];
  /** Canonical text, as `text` of {@link formatSelector}. */
  readonly text: string;
  readonly span: Span;
}

/** Canonical text of a selector: items separated by comma and space. */
export function formatSelector(items: readonly SelectorItem[]): string {
  return items
    .map((i) =>
      i.kind === 'release' ? (i.op === '=' ? '' : i.op) + i.release : (i.negated ? '!' : '') + i.name,
    )
    .join(', ');
}

/** Orders releases by their numbers: 6.1 < 6.12 < 7.2. Missing numbers count as 0. */
export function compareReleases(a: string, b: string): number {
  const left = a.split('.').map(Number);
  const right = b.split('.').map(Number);
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = (left[i] ?? 0) - (right[i] ?? 0);
    if (difference !== 0) return Math.sign(difference);
  }
  return 0;
}

/** Whether the release of a configuration satisfies one release item. */
export function releaseMatches(item: SelectorItem & { kind: 'release' }, release: string): boolean {
  const order = compareReleases(release, item.release);
  switch (item.op) {
    case '=':
      return order === 0;
    case '<':
      return order < 0;
    case '<=':
      return order <= 0;
    case '>':
      return order > 0;
    case '>=':
      return order >= 0;
  }
}

/**
 * The configurations that a selector selects, in the given order.
 * @param all every known configuration, not only those of one run: their architectures tell which names are architectures.
 */
export function select<C extends Configuration>(
  selector: Selector | undefined,
  all: readonly C[],
): readonly C[] {
  if (!selector) return all;
  const known = new Set(all.map((c) => c.arch));
  const archs = new Set<string>();
  const traits: { name: string; negated: boolean }[] = [];
  const releases: (SelectorItem & { kind: 'release' })[] = [];
  for (const item of selector.items) {
    if (item.kind === 'release') releases.push(item);
    else if (known.has(item.name) && !item.negated) archs.add(item.name);
    else traits.push(item);
  }
  return all.filter(
    (c) =>
      (archs.size === 0 || archs.has(c.arch)) &&
      (releases.length === 0 || releases.some((r) => releaseMatches(r, c.release))) &&
      traits.every((t) => c.traits.has(t.name) !== t.negated),
  );
}
