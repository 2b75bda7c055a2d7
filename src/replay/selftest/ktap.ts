/** What one case of a selftest came to. */
export type CaseResult = 'ok' | 'not ok' | 'skip';

/** Results of one run, by name of the case, as `fork`. */
export type CaseResults = Readonly<Record<string, CaseResult>>;

const LINE = /^(ok|not ok) \d+ (?:- )?(?:\w+\.)?(\w+)(?:\s*# (SKIP)?.*)?$/;

/** Reads `ok 1 pfnmap.fork` and its like. A suite that is skipped as a whole has no results. */
export function parseCases(lines: readonly string[]): CaseResults {
  const cases = lines.flatMap((line) => {
    const match = LINE.exec(line.trim());
    if (!match) return [];
    const [, verdict, name, skip] = match;
    return [[name!, skip ? 'skip' : (verdict as CaseResult)] as const];
  });
  return Object.fromEntries(cases);
}

/** Why a suite was skipped as a whole, from `1..0 # SKIP reason`. */
export function skipReason(lines: readonly string[]): string | undefined {
  return lines
    .map((line) => /^1\.\.0 # SKIP (.*)$/.exec(line.trim())?.[1])
    .find((reason) => reason !== undefined);
}
