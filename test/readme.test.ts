import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { buildCli, isFresh } from '../scripts/build.mjs';

/** Times differ from run to run; all else must not. */
function timeless(text: string): string {
  return text.replaceAll(/^(Time \S+) .*$/gm, '$1').trimEnd();
}

test("the README's example shows what pfnmap prints", async () => {
  if (!isFresh('cli')) await buildCli();
  const readme = readFileSync('README.md', 'utf8');
  const [, command, shown] = /^ {4}\$ npx pfnmap (run .*)\n((?: {4}.*\n|\n)+)/m.exec(readme)!;
  const { stdout } = spawnSync(process.execPath, ['bin/pfnmap.js', ...command!.split(' ')], {
    encoding: 'utf8',
  });
  expect(timeless(shown!.replaceAll(/^ {4}/gm, ''))).toBe(timeless(stdout));
});
