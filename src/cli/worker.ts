/** Entry of a thread: the same bundle as the command's, with the code that V8 has made of it. */
import { fileURLToPath } from 'node:url';
import { loadCached } from './cached.js';
import { flagsForLoading } from './v8-flags.js';

// The main thread has changed them.
flagsForLoading();

const app = loadCached(fileURLToPath(new URL('./app.cjs', import.meta.url))) as typeof import('./app.js');

await app.serveThread();
