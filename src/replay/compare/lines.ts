/** What a machine prints while it runs tests, line by line. */

/** One distinct outcome as the machine prints it, and how the run was steered when it was first seen. */
export interface SeenOutcome {
  /** `register=value;` ... */
  readonly text: string;
  /** Choices of the schedule and of choose(), and frames of allocations: `0.2.1`, or `-`. */
  readonly choices: string;
  readonly frames: string;
  count: number;
}

/** What happened to one test on one machine. */
export interface MachineResult {
  /** The test's number. */
  readonly id: number;
  outcomes: SeenOutcome[];
  runs: number;
  /** Whether all choices were tried. */
  complete: boolean;
  /** Frames that the allocator did not give back, and runs with a thread asleep in the kernel. */
  lost: number;
  stuck: number;
  timeMs: number;
  /** `done`; else why there is no end. */
  end: 'done' | 'panic' | 'timeout' | 'oops' | 'error';
  /** For `panic`: the API in which the machine died, and what it said. For others: the message. */
  api?: string;
  message?: string;
}

const OOPS = /Unable to handle kernel|BUG: unable to handle|BUG: kernel NULL|Oops: /;

/** Reads the console of a boot. */
export class ConsoleReader {
  readonly results = new Map<number, MachineResult>();
  /** `uname -r`. */
  version = '';
  /** The machine came to its end by itself. */
  ended = false;
  /** The test that was running last. */
  current: number | undefined;
  error: string | undefined;
  #bug: string | undefined;
  #hurt = false;
  /** Whether the end of `current` has been told. */
  #told = true;

  /** @param onResult called for each test when its end is known */
  constructor(readonly onResult?: (result: MachineResult) => void) {}

  /** The test that was running when the machine ended, if that said nothing about it. */
  get silent(): number | undefined {
    return !this.#told && this.results.get(this.current!)?.end === 'error' ? this.current : undefined;
  }

  /** The kernel has reported a BUG or an oops, and the test that was running has not come to its end since. */
  get hurt(): boolean {
    return this.#hurt && !this.#told;
  }

  /** The machine has ended: the test that was running, if any, has no other end than this. */
  over(): void {
    const last = this.current === undefined ? undefined : this.results.get(this.current);
    if (last !== undefined && !this.#told) this.onResult?.(last);
    this.#told = true;
  }

  line(raw: string): void {
    const bug = /(?:kernel BUG at|BUG: failure at) (\S+)/.exec(raw);
    if (bug) this.#bug = bug[1];
    if (bug !== null || OOPS.test(raw)) this.#hurt = true;
    const panic = /LITPANIC (\w+)/.exec(raw);
    if (panic) this.#panic(panic[1]!);
    const at = raw.indexOf('LIT ');
    if (at < 0) return;
    const [word, ...rest] = raw.slice(at + 4).split(' ');
    this.#word(word!, rest);
  }

  #word(word: string, rest: readonly string[]): void {
    const id = Number(rest[0]);
    switch (word) {
      case 'boot':
        this.version = rest[0]!;
        return;
      case 'start':
        this.current = id;
        this.#bug = undefined;
        this.#hurt = false;
        this.#told = false;
        this.results.set(id, fresh(id));
        return;
      case 'out':
        this.results
          .get(id)
          ?.outcomes.push({ choices: rest[1]!, frames: rest[2]!, text: rest.slice(3).join(' '), count: 1 });
        return;
      case 'trouble':
        this.#trouble(id, rest.slice(1));
        return;
      case 'done':
        this.#done(id, rest.slice(1));
        return;
      case 'error':
        this.error = rest.join(' ');
        return;
      case 'end':
        this.ended = true;
    }
  }

  #panic(api: string): void {
    const result = this.current === undefined ? undefined : this.results.get(this.current);
    if (result === undefined) return;
    result.end = 'panic';
    result.api = api;
    result.message = this.#bug ?? '';
  }

  #trouble(id: number, words: readonly string[]): void {
    const result = this.results.get(id);
    if (result === undefined) return;
    const [kind] = words;
    result.end = kind === 'timeout' || kind === 'oops' ? kind : 'error';
    result.message = words.join(' ').trim();
  }

  #done(id: number, words: readonly string[]): void {
    const result = this.results.get(id);
    if (result === undefined) return;
    result.runs = Number(words[0]);
    result.complete = words[1] === 'all';
    result.lost = Number(words[2]);
    result.stuck = Number(words[3]);
    result.timeMs = Number(words[4]);
    words.slice(5).forEach((n, i) => {
      // a message of the kernel may stand in the middle of the line
      const count = Number.parseInt(n, 10);
      if (result.outcomes[i] !== undefined && count > 0) result.outcomes[i].count = count;
    });
    if (result.end === 'error' && result.message === undefined) result.end = 'done';
    this.#told = true;
    this.onResult?.(result);
  }
}

function fresh(id: number): MachineResult {
  return { id, outcomes: [], runs: 0, complete: false, lost: 0, stuck: 0, timeMs: 0, end: 'error' };
}
