/**
 * Which code of the model runs, by V8's own block coverage (node:inspector). It is started before the bundle is compiled, so that without
 * `--coverage` nothing of it is there and nothing costs anything.
 */
import { readFileSync } from 'node:fs';
import { Session, type Profiler } from 'node:inspector';
import { SourceMap, type SourceMapPayload } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { ModelCoverage, ModelPlace } from '../run/result.js';

/** What of the model is spoken of: not its tables. */
const MODEL = /(?:^|\/)(src\/kernel\/(?!arch\/|facts)[\w/-]+\.ts)$/;

/** Characters in front of a function that has no name. */
const LOOK_BACK = 120;

type Ranges = readonly Profiler.CoverageRange[];

export class ModelWatch {
  private readonly session = new Session();
  private places: Places | undefined;
  /** Functions that there are, by their range; those inside of others are met when these run. */
  private readonly known = new Map<string, Profiler.FunctionCoverage>();

  /** @param file absolute path of the bundle, which is not loaded yet; its source map is beside it */
  constructor(private readonly file: string) {
    this.session.connect();
    this.post('Profiler.enable');
    this.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  }

  /** Forgets what has run so far. */
  begin(): void {
    this.places ??= new Places(this.file);
    for (const f of this.take()) this.known.set(keyOf(f.ranges), f);
  }

  /** What has run since then, and what has not. */
  end(): ModelCoverage {
    const ran = this.take();
    for (const f of ran) this.known.set(keyOf(f.ranges), f);
    const reached = new Map(
      ran.filter(({ ranges }) => ranges[0]!.count > 0).map((f) => [keyOf(f.ranges), f]),
    );
    const functions: ModelPlace[] = [];
    const branches: ModelPlace[] = [];
    let all = 0;
    for (const [key, { functionName, ranges }] of this.known) {
      const place = this.places!.at(ranges[0]!.startOffset);
      if (place === undefined) continue;
      const name = this.places!.nameOf(functionName, ranges[0]!.startOffset);
      if (name === undefined) continue;
      all += 1;
      const own = reached.get(key);
      if (own === undefined) functions.push({ ...place, name });
      else
        for (const offset of never(own.ranges))
          branches.push({ ...(this.places!.at(offset) ?? place), name });
    }
    return {
      functions: all,
      reached: all - functions.length,
      unreached: sorted(functions),
      branches: sorted(branches),
    };
  }

  private take(): readonly Profiler.FunctionCoverage[] {
    const { result } = this.post('Profiler.takePreciseCoverage') as Profiler.TakePreciseCoverageReturnType;
    const url = pathToFileURL(this.file).href;
    return result
      .filter((script) => script.url === url || script.url === this.file)
      .flatMap((s) => s.functions);
  }

  /** The inspector of this very thread answers at once. */
  private post(method: string, parameters: object = {}): unknown {
    let answer: unknown;
    this.session.post(method, parameters, (error, result) => {
      if (error !== null) throw new Error(`${method}: ${error.message}`);
      answer = result;
    });
    return answer;
  }
}

function keyOf(ranges: Ranges): string {
  return `${ranges[0]!.startOffset}-${ranges[0]!.endOffset}`;
}

/** Where the outermost blocks begin that never ran in a function that did. */
function never(ranges: Ranges): number[] {
  const offsets: number[] = [];
  let end = -1;
  for (const { startOffset, endOffset, count } of ranges) {
    if (count > 0 || endOffset <= end) continue;
    offsets.push(startOffset);
    end = endOffset;
  }
  return offsets;
}

/** By file and line; of what stands in one line once. */
function sorted(places: readonly ModelPlace[]): ModelPlace[] {
  const lines = new Map(places.map((place) => [`${place.file}:${place.line}:${place.name}`, place]));
  return [...lines.values()].toSorted((a, b) => a.file.localeCompare(b.file) || a.line - b.line);
}

/** Offsets in the bundle as places in the source. */
class Places {
  private readonly map: SourceMap;
  private readonly starts: readonly number[];
  private readonly text: string;
  private readonly found = new Map<number, Pick<ModelPlace, 'file' | 'line'> | undefined>();

  constructor(file: string) {
    this.map = new SourceMap(JSON.parse(readFileSync(`${file}.map`, 'utf8')) as SourceMapPayload);
    this.text = readFileSync(file, 'utf8');
    this.starts = [0, ...[...this.text.matchAll(/\n/g)].map(({ index }) => index + 1)];
  }

  /** Undefined where it is not of the model. */
  at(offset: number): Pick<ModelPlace, 'file' | 'line'> | undefined {
    if (!this.found.has(offset)) this.found.set(offset, this.look(offset));
    return this.found.get(offset);
  }

  /** What a function is called: a routine as the kernel calls it. Undefined for what only V8 knows as one. */
  nameOf(name: string, offset: number): string | undefined {
    if (name.startsWith('<')) return undefined;
    // The bundler tells functions of one name apart by a number.
    if (name !== '') return name.replace(/\$\d+$/, '');
    const before = this.text.slice(Math.max(0, offset - LOOK_BACK), offset);
    return /\broutine(?:\$\d+)?\(["'`]([\w/.:-]+)["'`],[^()]*$/.exec(before)?.[1] ?? '(anonymous)';
  }

  private look(offset: number): Pick<ModelPlace, 'file' | 'line'> | undefined {
    let [low, high] = [0, this.starts.length];
    while (high - low > 1) {
      const middle = (low + high) >> 1;
      if (this.starts[middle]! <= offset) low = middle;
      else high = middle;
    }
    const entry = this.map.findEntry(low, offset - this.starts[low]!);
    // What the bundler has added comes from nowhere.
    if (!('originalSource' in entry) || !entry.originalSource) return undefined;
    const file = MODEL.exec(join('/', entry.originalSource))?.[1];
    return file === undefined ? undefined : { file, line: entry.originalLine + 1 };
  }
}
