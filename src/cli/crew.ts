/** Threads that make one large search together. */
import { Worker } from 'node:worker_threads';
import type { Source } from '../c/diagnostics.js';
import { stop, Stop } from '../explore/crew.js';
import type { Crew, CrewReport, CrewTask } from '../run/crew.js';

/** What a thread of a crew is started with. */
export interface CrewData {
  readonly crew: { readonly source: Source; readonly task: CrewTask };
}

export function isCrewData(data: unknown): data is CrewData {
  return typeof data === 'object' && data !== null && 'crew' in data;
}

/** The entry of a thread, which the build puts beside the bundle. */
export const WORKER = new URL('./worker.js', import.meta.url);

/** A crew for the tests of a file. */
export function crewOf(threads: number, source: Source): Crew {
  return {
    threads,
    search: (tasks) => Promise.all(tasks.map((task) => start({ crew: { source, task } }))),
  };
}

function start(data: CrewData): Promise<CrewReport> {
  return new Promise((resolve, reject) => {
    const worker = new Worker(WORKER, { workerData: data });
    const fail = (error: Error): void => {
      // the others would wait for it
      stop(data.crew.task.shared, Stop.Failed);
      reject(error);
    };
    worker.once('message', resolve);
    worker.once('error', fail);
    worker.once('exit', (code) => fail(new Error(`a thread of the search ended with ${code}`)));
  });
}
