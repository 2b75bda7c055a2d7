/** Threads that help with a large search. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Source } from '../c/diagnostics.js';
import { stop, Stop, type Shared } from '../explore/crew.js';
import type { Crew } from '../run/help.js';

/** What a helping thread is started with. Once it has read the test it says `ready`, and makes its part of each search that it is sent. */
export interface CrewData {
  readonly crew: { readonly verb: 'run' | 'verify'; readonly source: Source };
}

export function isCrewData(data: unknown): data is CrewData {
  return typeof data === 'object' && data !== null && 'crew' in data;
}

/** The entry of a thread, which the build puts beside the bundle. */
export const WORKER = new URL('./worker.js', import.meta.url);

/** How many threads make a large search: one unless asked. */
export function workersFor({
  workers,
  coverage,
}: {
  readonly workers?: number;
  readonly coverage: boolean;
}): number {
  // what of the model runs is asked on this thread
  return coverage || !existsSync(WORKER) ? 1 : (workers ?? 1);
}

/** Threads to help with the searches of a file. */
export class Helpers<Task extends { readonly shared: Shared }, Report> implements Crew<Task, Report> {
  private helpers: Helper<Task, Report>[] | undefined;

  /** @param threads that make a search, the one that is helped included */
  constructor(
    readonly threads: number,
    private readonly data: CrewData,
    private readonly entry = WORKER,
  ) {}

  ready(): boolean {
    this.helpers ??= Array.from(
      { length: this.threads - 1 },
      () => new Helper<Task, Report>(this.entry, this.data),
    );
    return this.helpers.every(({ ready }) => ready);
  }

  search(tasks: readonly Task[]): Promise<readonly Report[]> {
    return Promise.all(tasks.map((task, i) => this.helpers![i]!.search(task)));
  }

  /** Ends the threads. */
  close(): void {
    for (const helper of this.helpers ?? []) helper.close();
    this.helpers = undefined;
  }
}

class Helper<Task extends { readonly shared: Shared }, Report> {
  /** One that has failed never is: then there is no help. */
  ready = false;
  private readonly worker: Worker;
  private told: { resolve(report: Report): void; reject(error: Error): void } | undefined;
  private shared: Shared | undefined;

  constructor(entry: URL, data: CrewData) {
    this.worker = new Worker(entry, { workerData: data });
    this.worker.on('message', (message: 'ready' | { readonly report: Report }) => {
      if (message === 'ready') this.ready = true;
      else this.told?.resolve(message.report);
    });
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a thread of the search ended with ${code}`)));
  }

  search(task: Task): Promise<Report> {
    this.shared = task.shared;
    return new Promise((resolve, reject) => {
      this.told = { resolve, reject };
      this.worker.postMessage(task);
    });
  }

  close(): void {
    this.told = undefined;
    void this.worker.terminate();
  }

  private fail(error: Error): void {
    this.ready = false;
    // the others would wait for it
    if (this.shared !== undefined) stop(this.shared, Stop.Failed);
    this.told?.reject(error);
  }
}
