import { parseCases, skipReason, type CaseResults } from './ktap.js';

/** What the selftest said about one kind of memory. */
export interface SelftestRun {
  readonly results: CaseResults;
  /** Why there are none. */
  readonly skipped?: string;
}

/** By kind of memory: `ram` (/dev/mem) and `mmio` (the window of a PCI device). */
export type SelftestRuns = Readonly<Record<string, SelftestRun>>;

/** The lines that the test printed for one target. */
function section(lines: readonly string[], target: string): readonly string[] | undefined {
  const begin = lines.findIndex((line) => line.endsWith(`selftest: begin ${target}`));
  if (begin === -1) return undefined;
  const end = lines.findIndex((line) => line.startsWith(`selftest: end ${target} `));
  return lines.slice(begin + 1, end === -1 ? undefined : end);
}

/** Reads the console of a boot (`machine/lit_selftest.c`), by target. */
export function parseSelftest(lines: readonly string[]): SelftestRuns {
  const runs = ['ram', 'mmio'].flatMap((target) => {
    const printed = section(lines, target);
    if (!printed) return [];
    const skipped = skipReason(printed);
    const results = parseCases(printed);
    return [[target, skipped === undefined ? { results } : { results, skipped }] as const];
  });
  return Object.fromEntries(runs);
}

/** Takes the lines of the selftest out of a console. */
export class SelftestReader {
  readonly lines: string[] = [];
  /** The machine has begun it; and has come to its end. */
  begun = false;
  over = false;

  line(raw: string): void {
    if (raw.includes('selftest: start')) this.begun = true;
    else if (raw.startsWith('selftest: done')) this.over = true;
    else if (this.begun && !this.over) this.lines.push(raw);
  }
}
