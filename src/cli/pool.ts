/** Runs files on several threads; what each of them tells is kept until it is its turn. */
import type { Source } from '../c/diagnostics.js';
import { complaint, type Complaint, type Emit, type FileEvent, type FileRunOptions } from './file-run.js';

/** What a thread is told. */
export type ToThread =
  { readonly kind: 'file'; readonly index: number; readonly source: Source } | { readonly kind: 'abort' };

/** What a thread tells: events of a file, the last of them if `done`. */
export interface FromThread {
  readonly index: number;
  readonly events: readonly FileEvent[];
  readonly done: boolean;
}

/** What is needed of a `worker_threads` Worker. */
export interface Thread {
  postMessage(message: ToThread): void;
  on(event: 'message', listener: (message: FromThread) => void): unknown;
  on(event: 'error', listener: (error: Error) => void): unknown;
  terminate(): unknown;
}

export interface PoolOptions {
  readonly files: readonly string[];
  readonly options: FileRunOptions;
  readonly threads: number;
  readonly signal: AbortSignal;
  /** @throws {Error} as `node:fs` does. */
  read(file: string): string;
  start(): Thread;
}

/** A file: what it has told so far, and who listens. */
interface Job {
  readonly events: FileEvent[];
  done: boolean;
  /** Whether it told `begin`, and for how many configurations what came of them. */
  begun: boolean;
  answered: number;
  emit?: Emit;
  finish?: () => void;
}

export class Pool {
  readonly #o: PoolOptions;
  readonly #jobs: readonly Job[];
  readonly #threads = new Map<Thread, number | undefined>();
  #next = 0;

  constructor(options: PoolOptions) {
    this.#o = options;
    this.#jobs = options.files.map(() => ({ events: [], done: false, begun: false, answered: 0 }));
    options.signal.addEventListener('abort', () => {
      for (const thread of this.#threads.keys()) thread.postMessage({ kind: 'abort' });
    });
    for (let i = 0; i < options.threads; i++) this.#add();
  }

  /** Tells what file `index` does, from its beginning to its end. Files are asked for in their order. */
  run(index: number, emit: Emit): Promise<void> {
    const job = this.#jobs[index]!;
    for (const event of job.events.splice(0)) emit(event);
    if (job.done) return Promise.resolve();
    job.emit = emit;
    return new Promise((resolve) => (job.finish = resolve));
  }

  close(): void {
    for (const thread of this.#threads.keys()) thread.terminate();
    this.#threads.clear();
  }

  #add(): void {
    const thread = this.#o.start();
    this.#threads.set(thread, undefined);
    thread.on('message', ({ index, events, done }) => {
      this.#tell(index, events, done);
      if (done) this.#feed(thread);
    });
    // A thread that dies (of memory, say) takes its file with it, and nothing else.
    thread.on('error', (error) => {
      const index = this.#threads.get(thread);
      if (!this.#threads.delete(thread)) return;
      if (index !== undefined) this.#tell(index, this.#lost(index, error), true);
      if (this.#next < this.#o.files.length) this.#add();
    });
    this.#feed(thread);
  }

  /** Gives a thread the next file. */
  #feed(thread: Thread): void {
    this.#threads.set(thread, undefined);
    while (this.#next < this.#o.files.length && !this.#o.signal.aborted) {
      const index = this.#next++;
      const file = this.#o.files[index]!;
      try {
        const source = { file, text: this.#o.read(file) };
        this.#threads.set(thread, index);
        thread.postMessage({ kind: 'file', index, source });
        return;
      } catch (error) {
        this.#tell(index, [{ kind: 'bad', complaint: this.#complaint(index, error) }], true);
      }
    }
  }

  #complaint(index: number, error: unknown): Complaint {
    const { color, debug } = this.#o.options;
    return complaint(this.#o.files[index]!, error, color, debug);
  }

  /** What is left to tell of a file whose thread died: all of it, or the configurations that are to come. */
  #lost(index: number, error: unknown): FileEvent[] {
    const { begun, answered } = this.#jobs[index]!;
    const why = this.#complaint(index, error);
    if (!begun) return [{ kind: 'bad', complaint: why }];
    const left = this.#o.options.configurations.slice(answered);
    return left.map((configuration) => ({ kind: 'error', configuration, complaint: why }));
  }

  #tell(index: number, events: readonly FileEvent[], done: boolean): void {
    const job = this.#jobs[index]!;
    job.begun ||= events.some(({ kind }) => kind === 'begin');
    job.answered += events.filter(({ kind }) => kind === 'result' || kind === 'error').length;
    if (job.emit === undefined) {
      // Nobody looks at a file that is not in its turn: how far it has got does not matter later.
      job.events.push(...events.filter(({ kind }) => kind !== 'progress'));
    } else for (const event of events) job.emit(event);
    job.done = done;
    if (done) job.finish?.();
  }
}
