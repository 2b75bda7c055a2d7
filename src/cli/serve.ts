/** A thread of the pool: runs the files that it is given, one after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import { crewMember, type CrewPlan } from '../run/crew.js';
import { verifyMember } from '../verify/crew.js';
import type { Helper } from '../run/help.js';
import type { VerifyPlan } from '../verify/index.js';
import { isCrewData, type CrewData, type FromHelper, type ToHelper } from './crew.js';
import { loadEngine, verifyTwin } from './engine.js';
import { type FileEvent, type FileRunOptions, runFile } from './file-run.js';
import type { FromThread, ToThread } from './pool.js';

/** How long results wait for more, in milliseconds: a message each would cost more than the shortest runs. */
const GATHER_MS = 50;

/** A thread that helps with the searches of a test. */
async function serveCrew({ crew }: CrewData): Promise<void> {
  const port = parentPort!;
  const { parse, parseDriver, twin } = await loadEngine(crew.few);
  const test = crew.verb === 'run' ? parse(crew.source) : parseDriver(crew.source);
  let helper: Helper<unknown> | undefined;
  port.on('message', (message: ToHelper) => {
    const say = (answer: FromHelper): void => port.postMessage(answer);
    if ('joining' in message) return say({ report: helper!(message.joining) });
    helper =
      crew.verb === 'run'
        ? crewMember(test, message.plan as CrewPlan, twin)
        : verifyMember(test, message.plan as VerifyPlan, verifyTwin);
    say({ ready: message.number });
  });
}

/** Serves until the thread is ended. */
export async function serve(): Promise<void> {
  if (isCrewData(workerData)) return serveCrew(workerData);
  const port = parentPort!;
  const options = workerData as FileRunOptions;
  const abort = new AbortController();
  const loading = loadEngine();
  const handle = async (message: ToThread): Promise<void> => {
    if (message.kind === 'abort') return abort.abort();
    const { index, source } = message;
    let events: FileEvent[] = [];
    let sent = performance.now();
    const send = (done: boolean): void => {
      port.postMessage({ index, events, done } satisfies FromThread);
      events = [];
      sent = performance.now();
    };
    await runFile(await loading, source, options, abort.signal, (event) => {
      events.push(event);
      if (event.kind === 'progress' || performance.now() - sent > GATHER_MS) send(false);
    });
    send(true);
  };
  port.on('message', (message: ToThread) => void handle(message));
  await loading;
}
