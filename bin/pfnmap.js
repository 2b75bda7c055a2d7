#!/usr/bin/env node
// Starts the bundled command line; dist is not in the repository, `npm ci` makes it.
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const bundle = new URL('../dist/cli/pfnmap.js', import.meta.url);
if (existsSync(bundle)) await import(bundle.href);
else {
  const root = fileURLToPath(new URL('..', import.meta.url));
  process.stderr.write(`pfnmap: not built yet: run 'npm ci' (or 'npm run build') in ${root}\n`);
  process.exitCode = 2;
}
