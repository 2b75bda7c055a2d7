/** Threads that help with a large search. */
import { existsSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import type { Source } from '../c/diagnostics.js';
import { stop, Stop, type Shared } from '../explore/crew.js';
import type { Crew, Joining } from '../run/help.js';

/** What a helping thread is started with. */
export interface CrewData {
  readonly crew: {
    readonly verb: 'run' | 'verify';
    readonly source: Source;
    /** As for loadEngine(): flags of V8 are those of all threads. */
    readonly few: boolean;
  };
}

/** What it is told then: of a search, for which it makes itself ready and says so, or to join that search. */
export type ToHelper = { readonly plan: unknown; readonly number: number } | { readonly joining: Joining };

/** What it says: that it is ready for the plan of that number, or what it has found. */
export type FromHelper = { readonly ready: number } | { readonly report: unknown };

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
export class Helpers<Plan, Report> implements Crew<Plan, Report> {
  private helpers: Helper<Report>[] | undefined;
  private plan: Plan | undefined;

  /** @param threads that make a search, the one that is helped included */
  constructor(
    readonly threads: number,
    private readonly data: CrewData,
    private readonly entry = WORKER,
  ) {}

  ready(plan: Plan): boolean {
    this.helpers ??= Array.from(
      { length: this.threads - 1 },
      () => new Helper<Report>(this.entry, this.data),
    );
    if (plan !== this.plan) for (const helper of this.helpers) helper.prepare(plan);
    this.plan = plan;
    return this.helpers.every(({ ready }) => ready);
  }

  join(shared: Shared): Promise<readonly Report[]> {
    return Promise.all(this.helpers!.map((helper, i) => helper.join({ shared, index: i + 1 })));
  }

  /** Ends the threads. */
  close(): void {
    for (const helper of this.helpers ?? []) helper.close();
    this.helpers = undefined;
  }
}

class Helper<Report> {
  /** One that has failed never is: then there is no help. */
  ready = false;
  private readonly worker: Worker;
  private told: { resolve(report: Report): void; reject(error: Error): void } | undefined;
  private shared: Shared | undefined;
  /** Plans that it was told: what it says of an older one counts for nothing. */
  private plans = 0;

  constructor(entry: URL, data: CrewData) {
    this.worker = new Worker(entry, { workerData: data });
    this.worker.on('message', (message: FromHelper) => {
      if ('report' in message) this.told?.resolve(message.report as Report);
      else this.ready = message.ready === this.plans;
    });
    this.worker.on('error', (error) => this.fail(error));
    this.worker.on('exit', (code) => this.fail(new Error(`a thread of the search ended with ${code}`)));
  }

  prepare(plan: unknown): void {
    this.ready = false;
    this.tell({ plan, number: ++this.plans });
  }

  join(joining: Joining): Promise<Report> {
    this.shared = joining.shared;
    return new Promise((resolve, reject) => {
      this.told = { resolve, reject };
      this.tell({ joining });
    });
  }

  private tell(message: ToHelper): void {
    this.worker.postMessage(message);
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
