/** Entry of a thread: the same bundle as the command's, with the code that V8 has made of it. */
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { loadCached } from './cached.js';

// As main.ts, for the same reasons: flags are the process's, and another thread may have changed them.
setFlagsFromString('--liftoff-only');

const app = loadCached(fileURLToPath(new URL('./app.cjs', import.meta.url))) as typeof import('./app.js');

await app.serveThread();
