import { spawnSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { scriptText } from '../../../src/replay/bundle/script.js';
import { readCpio } from '../../../src/replay/boot/cpio.js';
import { selectKernels } from '../../../src/replay/kernels/catalogue.js';
import type { LitmusTest } from '../../../src/litmus/ast.js';
import type { RunResult } from '../../../src/run/result.js';

/** run.sh of a bundle with two outcomes, with scripts in the place of make, the compiler and QEMU. */
let directory: string;

const EXPECTED = `KTAP version 1
1..3
# about
ok 1 x=1; (condition holds)
ok 2 x=2; (condition does not hold) # SKIP not seen
ok 3 nothing else was seen
`;

function write(path: string, text: string): void {
  writeFileSync(join(directory, path), text);
  chmodSync(join(directory, path), 0o755);
}

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pfnmap-bundle-'));
  for (const name of ['bin', 'headers']) mkdirSync(join(directory, name));
  const model = { outcomes: [{}, {}] } as unknown as RunResult;
  const [spec] = selectKernels(['amd64-7.2']);
  const template = readFileSync('src/replay/machine/run.sh', 'utf8');
  write('run.sh', scriptText(template, { name: 'demo' } as LitmusTest, model, spec!));
  write('expected.ktap', EXPECTED);
  write('jobs', '0 4 2 1 2\n');
  write('kernel', 'a kernel');
  write('headers/Makefile', '');
  write(
    'bin/make',
    '#!/bin/sh\nmkdir -p build/module; printf module >build/module/lit.ko; printf init >build/init\n',
  );
  write('bin/x86_64-linux-gnu-gcc', '#!/bin/sh\nexit 0\n');
});
afterEach(() => rmSync(directory, { recursive: true }));

/** Runs the script on a machine that prints this. */
function run(printed: string, args = [join(directory, 'kernel'), join(directory, 'headers')]) {
  write('console', printed);
  write('bin/qemu-system-x86_64', `#!/bin/sh\necho "$@" >>args\ncat console\n`);
  const env = { ...process.env, PATH: `${join(directory, 'bin')}:${process.env.PATH}`, ACCEL: 'tcg' };
  const { status, stdout, stderr } = spawnSync(join(directory, 'run.sh'), args, { env, encoding: 'utf8' });
  return { status, stdout, stderr };
}

const console = (ktap: string): string =>
  `SeaBIOS\r\nLIT boot 7.2.13 x86_64\r\n[    1.0] noise\r\n${ktap.replaceAll('\n', '\r\n')}LIT end\r\n`;
const SEEN = EXPECTED.replace(' # SKIP not seen', '');

describe('run.sh', () => {
  test('agrees with what is expected, and prints it', () => {
    const { status, stdout } = run(console(SEEN.replace('# about', '# seen in 3 runs')));
    expect(stdout).toContain('ok 2 x=2; (condition does not hold)\n');
    expect(stdout).toContain('# as expected, on 7.2.13 x86_64\n');
    expect(status).toBe(0);
  });

  test('forgives an outcome that need not be seen', () => {
    expect(run(console(EXPECTED)).status).toBe(0);
  });

  test.each([
    ['an outcome is missing', EXPECTED.replace('(condition holds)', '(condition holds) # SKIP not seen')],
    ['something else was seen', EXPECTED.replace('ok 3', 'not ok 3')],
    ['an outcome is another', EXPECTED.replace('x=1;', 'x=7;')],
  ])('complains if %s', (_, ktap) => {
    const { status, stdout } = run(console(ktap));
    expect(stdout).toContain('# expected: ');
    expect(stdout).toContain('# not as expected');
    expect(status).toBe(1);
  });

  test('complains if the machine dies, after a second try', () => {
    const { status, stderr } = run('Kernel panic - not syncing\r\n');
    expect(stderr).toContain('did not come to an end');
    expect(status).toBe(1);
    expect(readFileSync(join(directory, 'args'), 'utf8').trim().split('\n')).toHaveLength(2);
  });

  test('gives the machine module, program and jobs', () => {
    run(console(SEEN));
    const archive = gunzipSync(readFileSync(join(directory, 'build/initramfs.gz')));
    const entries = readCpio(archive).map(({ path, mode, data }) => [
      path,
      mode & 0o777,
      Buffer.from(data).toString(),
    ]);
    expect(entries).toEqual([
      ['dev', 0o755, ''],
      ['init', 0o755, 'init'],
      ['lit.ko', 0o644, 'module'],
      ['jobs', 0o644, '0 4 2 1 2\n'],
    ]);
    expect(readFileSync(join(directory, 'args'), 'utf8')).toContain('-accel tcg ');
  });

  test.each([
    ['kernel', ['/nowhere', '/nowhere'], "no kernel '/nowhere'"],
    ['headers', [process.execPath, '/nowhere'], "no headers '/nowhere'"],
  ])('says that there is no %s', (_, args, message) => {
    const { status, stderr } = run('', args);
    expect(stderr).toContain(message);
    expect(status).toBe(2);
  });

  test('shows why a build failed', () => {
    write('bin/make', '#!/bin/sh\necho broken; exit 2\n');
    const { status, stderr } = run('');
    expect(stderr).toContain('broken\n');
    expect(status).toBe(2);
  });
});
