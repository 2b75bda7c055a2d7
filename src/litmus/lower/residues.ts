/** Arithmetic on what is known of values modulo the page size. */

export const PAGE = 4096;

/** More residues than this and an offset is not constant in any useful sense. */
const MAX_RESIDUES = 24;

/** What is known of a value: its possible remainders modulo the page size (all, if undefined), and whether it points into a page. */
export interface Known {
  readonly residues: ReadonlySet<number> | undefined;
  readonly page: boolean;
}

export const NOTHING: Known = { residues: new Set(), page: false };
export const ANY: Known = { residues: undefined, page: false };

/** A value that is known. */
export const one = (n: number): Known => ({ residues: new Set([n]), page: false });

/** What is known of a value that is one or the other. */
export function union(a: Known, b: Known): Known {
  return {
    residues: limited(a.residues && b.residues && new Set([...a.residues, ...b.residues])),
    page: a.page || b.page,
  };
}

function limited(set: ReadonlySet<number> | undefined): ReadonlySet<number> | undefined {
  return set && set.size <= MAX_RESIDUES ? set : undefined;
}

function pairs(a: Known, b: Known, f: (x: number, y: number) => number): Known {
  const page = a.page || b.page;
  if (!a.residues || !b.residues) return { residues: undefined, page };
  const out = new Set<number>();
  for (const x of a.residues) for (const y of b.residues) out.add(((f(x, y) % PAGE) + PAGE) % PAGE);
  return { residues: limited(out), page };
}

/** `pointer op index`, with `index` in units of `scale` bytes. */
export function step(pointer: Known, op: '+' | '-', index: Known, scale: number): Known {
  const offset = times(index, scale);
  return pairs(pointer, offset, (x, y) => (op === '+' ? x + y : x - y));
}

/** Whole pages, whatever their number, are remainder 0. */
function times(value: Known, factor: number): Known {
  if (factor % PAGE === 0 && value.residues?.size !== 0) return { residues: new Set([0]), page: value.page };
  return pairs(value, one(factor), (x, y) => x * y);
}

function isWholePages(k: Known): boolean {
  return k.residues?.size === 1 && k.residues.has(0);
}

/** An operator on integers. */
export function binary(op: string, a: Known, b: Known): Known {
  switch (op) {
    case '+':
      return pairs(a, b, (x, y) => x + y);
    case '-':
      return pairs(a, b, (x, y) => x - y);
    case '*':
      if (isWholePages(a) || isWholePages(b)) return one(0);
      return pairs(a, b, (x, y) => x * y);
    case '&':
      if (isWholePages(a) || isWholePages(b)) return one(0);
      return pairs(a, b, (x, y) => x & y);
    case '|':
      return pairs(a, b, (x, y) => x | y);
    case '<<': {
      const count = b.residues?.size === 1 ? [...b.residues][0]! : undefined;
      if (count !== undefined && count >= 12) return one(0);
      return pairs(a, b, (x, y) => x * 2 ** Math.min(y, 12));
    }
    default:
      return ANY;
  }
}
