import { readdirSync, readFileSync } from 'node:fs';
import { type Headline, readHeadline } from '../../src/litmus/headline.js';
import { parseRecording } from '../../src/replay/compare/recorded.js';
import type { Seen } from '../../src/report/contract.js';

const RECORDED = 'test/replay/recorded';

/** The headlines of the whole corpus. */
export function corpusHeadlines(): Headline[] {
  const files = readdirSync('litmus', { recursive: true, encoding: 'utf8' }).filter((f) =>
    f.endsWith('.litmus'),
  );
  return files.toSorted().map((name) => {
    const file = `litmus/${name}`;
    const headline = readHeadline({ file, text: readFileSync(file, 'utf8') });
    if (headline === undefined) throw new Error(`${file}: its header cannot be read`);
    return headline;
  });
}

/** What was recorded on real kernels. */
export function recordings(): Seen[] {
  const files = readdirSync(RECORDED).filter((f) => f.endsWith('.jsonl'));
  return files.toSorted().map((file) => parseRecording(readFileSync(`${RECORDED}/${file}`, 'utf8')));
}
