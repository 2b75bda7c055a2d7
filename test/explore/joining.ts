/** A thread that joins a search of {@link counters}: threads.test.ts makes a file of it that Node can run. */
import { parentPort, workerData } from 'node:worker_threads';
import { Member, type Shared } from '../../src/explore/crew.js';
import { counters } from './counters.js';

parentPort!.on('message', ({ shared, index }: { readonly shared: Shared; readonly index: number }) => {
  const member = new Member(counters(workerData as number), { index, shared });
  member.run();
  parentPort!.postMessage({ found: member.found, transitions: member.transitions });
});
