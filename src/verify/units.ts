/** Numbers of pages as a program writes them: where a driver is asked for leaves, a leaf is a leaf on a machine, too, with its larger tables. */
import type { Compiled } from '../run/boot.js';

/** Whether a handler of the driver is asked for leaves above the PTE level. */
export function hasLeaves(c: Compiled): boolean {
  return c.lowered.program.vmOps.some((ops) => ops?.hugeFault !== undefined);
}

/** Entries of a page table where it makes a difference, else 0. */
function tableOf(c: Compiled): number {
  return hasLeaves(c) ? c.ptrs : 0;
}

/** `PMD_SIZE + 2 * PAGE_SIZE`. */
function bytes(c: Compiled, pages: number): string {
  const ptrs = tableOf(c);
  const units =
    ptrs === 0
      ? ([[1, 'PAGE_SIZE']] as const)
      : ([
          [ptrs * ptrs, 'PUD_SIZE'],
          [ptrs, 'PMD_SIZE'],
          [1, 'PAGE_SIZE'],
        ] as const);
  const terms: string[] = [];
  let left = pages;
  for (const [size, name] of units) {
    const n = Math.floor(left / size);
    left -= n * size;
    if (n > 0) terms.push(n === 1 ? name : `${n} * ${name}`);
  }
  return terms.join(' + ');
}

/** `p + PAGE_SIZE`. */
export function addressText(c: Compiled, pg: number): string {
  return pg === 0 ? 'p' : `p + ${bytes(c, pg)}`;
}

/** `p[PAGE_SIZE]`. */
export function cellText(c: Compiled, pg: number): string {
  return pg === 0 ? 'p[0]' : `p[${bytes(c, pg)}]`;
}

/** The length of the pages from `from` up to `to`: what goes to the end of a leaf does so with any tables. */
export function lengthText(c: Compiled, from: number, to: number): string {
  const ptrs = tableOf(c);
  const inside = ptrs === 0 ? 0 : from % ptrs;
  if (inside === 0 || to < from - inside + ptrs) return bytes(c, to - from);
  return `${bytes(c, to - from + inside)} - ${bytes(c, inside)}`;
}

/** A number of frames in a region of `pages`: `2 * PTRS_PER_PTE - 1`. */
export function framesText(c: Compiled, pages: number, n: number): string {
  const ptrs = tableOf(c);
  if (ptrs === 0 || pages < ptrs || n < ptrs - 1) return String(n);
  const last = (n + 1) % ptrs === 0 && n < pages;
  const leaves = Math.floor((last ? n + 1 : n) / ptrs);
  const rest = last ? -1 : n % ptrs;
  const text = leaves === 1 ? 'PTRS_PER_PTE' : `${leaves} * PTRS_PER_PTE`;
  return rest === 0 ? text : `${text} ${rest < 0 ? '-' : '+'} ${Math.abs(rest)}`;
}
