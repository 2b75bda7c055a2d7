// Runs the kernel's own test of PFN mappings on real kernels: npm run replay:selftest [-- --kernel ID,...]
import { buildCli, isFresh } from './build.mjs';

if (!isFresh('cli')) await buildCli();
await import('../dist/cli/replay-selftest.js');
