// Runs the mail's counterexample on real kernels: npm run replay:mail [-- --kernel ID,...]
import { buildCli, isFresh } from './build.mjs';

if (!isFresh('cli')) await buildCli();
await import('../dist/cli/replay-mail.js');
