// Which functions of the model each test runs through: a mutant elsewhere cannot matter to it.
import { Session } from 'node:inspector/promises';
import { SourceMap } from 'node:module';

/** Listens to what this process executes of one script. */
export class Coverage {
  #session = new Session();

  /** @param url of the script @param code its text @param map its source map, whose paths end with those of the sources */
  constructor(url, code, map) {
    this.url = url;
    this.map = new SourceMap(map);
    this.lines = [0];
    for (let at = code.indexOf('\n'); at >= 0; at = code.indexOf('\n', at + 1)) this.lines.push(at + 1);
    this.names = new Map();
  }

  async begin() {
    this.#session.connect();
    await this.#session.post('Profiler.enable');
    await this.#session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
  }

  async end() {
    await this.#session.post('Profiler.stopPreciseCoverage');
    this.#session.disconnect();
  }

  /** The functions that were called since the last time, as {@link placeOf} says them. */
  async take() {
    const { result } = await this.#session.post('Profiler.takePreciseCoverage');
    const script = result.find(({ url }) => url === this.url);
    if (script === undefined) return [];
    // A closure that was made earlier counts for the function around it as well.
    const starts = script.functions.flatMap(({ ranges: [{ count, startOffset }] }) =>
      count > 0 ? [startOffset] : [],
    );
    starts.sort((a, b) => a - b);
    const around = script.functions.filter(({ ranges: [{ startOffset, endOffset }] }) => {
      const first = firstFrom(starts, startOffset);
      return first !== undefined && first < endOffset;
    });
    return [...new Set(around.flatMap((f) => this.#namesOf(f)))];
  }

  #namesOf({ functionName, ranges: [{ startOffset }] }) {
    if (!this.names.has(startOffset)) this.names.set(startOffset, this.#find(functionName, startOffset));
    return this.names.get(startOffset);
  }

  #find(functionName, offset) {
    const line = this.lines.findLastIndex((start) => start <= offset);
    const { originalSource, originalLine } = this.map.findEntry(line, offset - this.lines[line]);
    const at = originalSource?.lastIndexOf('src/') ?? -1;
    if (at < 0) return [];
    const file = originalSource.slice(at);
    // A function that starts a line is told by what stands before it, on an earlier line.
    const lines = [1, 2, 3].map((n) => `${file}:@${originalLine + n}`);
    return [`${file}:${functionName.replace(/^([gs]et )?#?|\$\d+$/g, '')}`, ...lines];
  }
}

/** The first of sorted numbers that is not below `least`. */
function firstFrom(numbers, least) {
  let [low, high] = [0, numbers.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] < least) low = middle + 1;
    else high = middle;
  }
  return numbers[low];
}

/** The function that a mutant is in; undefined for what modules do when they are loaded, on which everything depends. */
export function placeOf({ file, fn }) {
  return fn === undefined ? undefined : `${file}:${fn}`;
}
