/** Reads the text of a selector; see selector.ts for what it means. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { formatSelector } from './selector.js';
import type { ReleaseOperator, Selector, SelectorItem } from './selector.js';

const RELEASE = /^(<=|>=|<|>|)\s*([0-9]+(?:\.[0-9]+)*)$/;
const NAME = /^(!?)\s*([A-Za-z_][A-Za-z0-9_]*)$/;

/** Parses `text[span]`. Items with a mistake are reported and left out. */
export function parseSelector(text: string, span: Span, sink: DiagnosticSink): Selector {
  const items: SelectorItem[] = [];
  let start = span.start;
  for (const piece of text.slice(span.start, span.end).split(',')) {
    const at = start + piece.length - piece.trimStart().length;
    const item = parseItem(piece.trim(), at, sink);
    if (item) items.push(item);
    start += piece.length + 1;
  }
  return { items, text: formatSelector(items), span };
}

function parseItem(text: string, start: number, sink: DiagnosticSink): SelectorItem | undefined {
  const span = { start, end: start + Math.max(1, text.length) };
  const release = RELEASE.exec(text);
  if (release)
    return { kind: 'release', op: (release[1] || '=') as ReleaseOperator, release: release[2], span };
  const name = NAME.exec(text);
  if (name) return { kind: 'name', name: name[2], negated: name[1] === '!', span };
  reportItem(text, span, sink);
  return undefined;
}

function reportItem(text: string, span: Span, sink: DiagnosticSink): void {
  const expected =
    'an architecture (`arm64`), a release (`6.1`, `>=6.12`) or a trait (`pte_special`, `!pte_special`)';
  if (text === '') {
    sink.error('PFN4004', 'an item of the selector is empty', span, { expected });
    return;
  }
  const negatedRelease = /^!\s*=?\s*([0-9.]+)$/.exec(text);
  if (negatedRelease) {
    sink.error('PFN4007', 'a release cannot be negated', span, {
      suggestion: `name the releases that are meant: \`<${negatedRelease[1]}\` or \`>${negatedRelease[1]}\``,
    });
    return;
  }
  sink.error('PFN4004', `\`${text}\` is no item of a selector`, span, { expected, ...repair(text) });
}

function repair(text: string): { suggestion?: string } {
  const release = /^(?:==?|v)\s*([0-9]+(?:\.[0-9]+)*)$/.exec(text);
  if (release) return { suggestion: `write \`${release[1]}\`` };
  const negated = /^(?:~|not\s+|no-)\s*([A-Za-z_]\w*)$/.exec(text);
  if (negated) return { suggestion: `write \`!${negated[1]}\`` };
  if (/\s/.test(text)) return { suggestion: 'separate items by commas' };
  return {};
}
