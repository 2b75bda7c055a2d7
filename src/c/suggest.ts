/** "Did you mean": the nearest of the known names. */

/** Edit distance with transpositions of neighbours (restricted Damerau-Levenshtein), at most `limit + 1`. */
export function editDistance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1;
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    let best = i;
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let d = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        d = Math.min(d, before[j - 2]! + 1);
      row.push(d);
      if (d < best) best = d;
    }
    if (best > limit) return limit + 1;
    before = previous;
    previous = row;
  }
  return previous[b.length]!;
}

/** The candidate nearest to `name`, if it is near enough to be what was meant: a third of the length, at most 4 edits. */
export function closest(name: string, candidates: Iterable<string>): string | undefined {
  if (name.length > 64) return undefined;
  let limit = Math.min(4, Math.max(1, Math.floor(name.length / 3)));
  let found: string | undefined;
  for (const candidate of candidates) {
    if (candidate === name) continue;
    const d = editDistance(name.toLowerCase(), candidate.toLowerCase(), limit);
    if (d > limit || (d === limit && found !== undefined)) continue;
    found = candidate;
    limit = d;
    if (limit === 0) break;
  }
  return found;
}

/** `did you mean X?` or nothing. */
export function didYouMean(name: string, candidates: Iterable<string>): { suggestion?: string } {
  const best = closest(name, candidates);
  return best === undefined ? {} : { suggestion: `did you mean \`${best}\`?` };
}
