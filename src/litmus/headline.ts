/** What the header of a test says, read without the front end: so a thousand tests are looked through in no time. */
import { DiagnosticSink, type Source } from '../c/diagnostics.js';
import type { Reference, ResultLine } from './ast.js';
import { testHash } from './hash.js';
import { parseHeader } from './header.js';
import { cut } from './scan.js';
import type { Selector } from './selector.js';

export interface Headline {
  readonly name: string;
  readonly file: string;
  readonly source: Source;
  readonly results: readonly ResultLine[];
  readonly only?: Selector;
  readonly references: readonly Reference[];
  /** MD5 of the normalised text, as {@link testHash}. */
  hash(): string;
}

/** The headline of a text; undefined if it is no litmus test, or its header cannot be read. */
export function readHeadline(source: Source): Headline | undefined {
  const sink = new DiagnosticSink(source);
  const fragments = cut(source, sink);
  const { results, only, references } = parseHeader(source.text, fragments.comments, sink);
  if (sink.diagnostics.length > 0) return undefined;
  return {
    name: fragments.name,
    file: source.file,
    source,
    results,
    ...(only ? { only } : {}),
    references,
    hash: () => testHash(fragments),
  };
}
