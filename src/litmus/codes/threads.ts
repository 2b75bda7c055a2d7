/** PFN2030 to PFN2037, PFN2064 and PFN2065: threads, and what stands between them. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { sample, withMemory } from './sample.js';

const P0 = 'P0()\n{\n\tint x = 0;\n}';
const P1 = 'P1()\n{\n\tint y = 0;\n}';
const P2 = 'P2()\n{\n\tint z = 0;\n}';

export const THREAD_CODES = {
  PFN2030: {
    code: 'PFN2030',
    title: 'no thread',
    explanation:
      'A test has at least one user program, `P0() { ... }`: without system calls a driver does nothing.',
    example: sample({ threads: 'static int state;', clause: 'exists (state = 0)' }),
    fix: sample({ threads: `static int state;\n${P0}`, clause: 'exists (state = 0)' }),
  },
  PFN2031: {
    code: 'PFN2031',
    title: 'threads out of order',
    explanation: 'Threads are numbered from 0 in the order in which they stand, without gaps.',
    example: sample({ threads: `${P0}\n${P2}` }),
    fix: sample({ threads: `${P0}\n${P1}` }),
  },
  PFN2032: {
    code: 'PFN2032',
    title: 'two threads with one number',
    explanation: 'A condition names threads by their number, so every thread has its own.',
    example: sample({ threads: `${P0}\n${P0}` }),
    fix: sample({ threads: `${P0}\n${P1}` }),
  },
  PFN2033: {
    code: 'PFN2033',
    title: 'a thread with a return type',
    explanation:
      'Threads are written `P0() { ... }`, as in herd7. Nobody receives a value: a thread that returns parks, and its process lives ' +
      'on. Ending the process is `exit(n)`.',
    example: sample({ threads: `void ${P0}` }),
    fix: sample({ threads: P0 }),
  },
  PFN2034: {
    code: 'PFN2034',
    title: 'text behind the first thread that is neither thread nor condition',
    explanation:
      'All driver code stands before `P0`; behind the threads come `filter` and the condition, and nothing else. Helpers that a thread ' +
      'would call are not supported: write the calls out.',
    example: sample({ threads: `${P0}\nstatic int state;` }),
    fix: sample({ threads: `static int state;\n${P0}` }),
  },
  PFN2035: {
    code: 'PFN2035',
    title: 'a closing bracket without an opening one',
    explanation:
      'Between the parts of a test stands a `)`, `]` or `}` that closes nothing; mostly there is one too many.',
    example: sample({ threads: `${P0}\n}` }),
    fix: sample({ threads: P0 }),
  },
  PFN2037: {
    code: 'PFN2037',
    title: 'too many threads',
    explanation:
      'All interleavings of the threads are explored, and their number grows beyond all bounds long before 16 threads. Two or three ' +
      'show nearly every race there is.',
    example: sample({ threads: Array.from({ length: 17 }, (_, i) => `P${i}() { int x = 0; }`).join('\n') }),
    fix: sample({ threads: `${P0}\n${P1}` }),
  },
  PFN2064: {
    code: 'PFN2064',
    title: 'a name of the memory block declared again in C',
    explanation:
      'Names of regions and resources are constants in driver, threads and condition. A variable or function of the same name ' +
      'would make the reader guess which is meant.',
    example: sample({ memory: '{ reserved x = 1 page; }' }),
    fix: withMemory('reserved buf = 1 page;'),
  },
  PFN2065: {
    code: 'PFN2065',
    title: 'a variable with the name of a process attribute',
    explanation:
      '`0:signal`, `0:rss_anon`, `0:rss_file`, `0:bad_rss`, `0:bad_rss_anon` and `0:bad_rss_file` are kept for every process; a variable ' +
      'of that name could not be asked for.',
    example: sample({ threads: 'P0()\n{\n\tint signal = 0;\n}', clause: 'exists (0:signal = 0)' }),
    fix: sample({ threads: 'P0()\n{\n\tint sig = 0;\n}', clause: 'exists (0:sig = 0)' }),
  },
} as const satisfies Record<string, CodeDoc>;
