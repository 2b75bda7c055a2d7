import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { runApplication } from '../../src/cli/app.js';
import type { Context } from '../../src/cli/context.js';
import { EXIT } from '../../src/cli/exit.js';
import { driverText, FREES, REMAP } from '../verify/support.js';
import { FakeTerminal } from './fake-terminal.js';

const dir = mkdtempSync(join(tmpdir(), 'pfnmap-verify-'));
writeFileSync(join(dir, 'frees.litmus'), driverText(FREES('')));
writeFileSync(join(dir, 'remap.litmus'), driverText(REMAP('PAGE_SIZE')));
writeFileSync(join(dir, 'bad.litmus'), driverText({ ...REMAP('PAGE_SIZE'), header: ' * Revoke: NOTHING\n' }));
writeFileSync(join(dir, 'threads.litmus'), `${driverText(REMAP('PAGE_SIZE'))}P0()\n{\n        int r = 0;\n}\n`);

async function pfnmap(...args: string[]): Promise<{ status: number; out: string; err: string }> {
  const [stdout, stderr] = [new FakeTerminal(), new FakeTerminal()];
  const context: Context = {
    process: { stdout, stderr },
    env: {},
    cwd: dir,
    signal: new AbortController().signal,
    status: EXIT.ok,
  };
  const status = await runApplication(['verify', ...args], context);
  return { status, out: stdout.text, err: stderr.text };
}
