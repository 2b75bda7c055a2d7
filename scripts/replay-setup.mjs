// Makes real kernels ready for `pfnmap replay`: npm run replay:setup [-- --kernel ID,...]
import { buildCli, isFresh } from './build.mjs';

if (!isFresh('cli')) await buildCli();
await import('../dist/cli/replay-setup.js');
