import { spawn, spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { buildCli, isFresh } from '../../scripts/build.mjs';
import { lexHerd } from '../report/herd-lexer.js';
import { readKtap } from '../report/ktap-reader.js';

const BIN = resolve('bin/pfnmap.js');
const FIXTURES = resolve('test/cli/fixtures');

/** The bundle as users run it; `cwd` is the fixtures, so that files have short names. */
function pfnmap(...args: string[]) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BIN, ...args], {
    cwd: FIXTURES,
    encoding: 'utf8',
  });
  return { status, stdout, stderr };
}

beforeAll(async () => {
  if (!isFresh('cli')) await buildCli();
});

describe('pfnmap replay --bundle', () => {
  const corpus = resolve('litmus');
  const bundle = (...args: string[]) => {
    const directory = mkdtempSync(join(tmpdir(), 'pfnmap-bundle-'));
    const result = pfnmap('replay', '--bundle', join(directory, 'out'), ...args);
    const files = existsSync(join(directory, 'out')) ? readdirSync(join(directory, 'out')) : [];
    rmSync(directory, { recursive: true });
    return { ...result, files };
  };

  test('writes a directory', () => {
    const { status, stderr, files } = bundle(
      '--kernel',
      'armmp-7.2',
      join(corpus, 'mail/mail-raw-mmio.litmus'),
    );
    expect(stderr).toMatch(/out: \d+ files for armmp-7\.2; run .*run\.sh /);
    expect(files).toEqual(expect.arrayContaining(['run.sh', 'summary.txt', 'expected.ktap']));
    expect(status).toBe(0);
  });

  test.each([
    ['cannot go to a machine', ['catalogue/cow-alloc-fails.litmus'], 'not translatable: failing allocations'],
    ['is no single test', ['mail'], '--bundle takes one test, not'],
    ['names two kernels', ['--kernel', 'um-7.2,um-6.1', 'mail/mail-raw-mmio.litmus'], 'takes one kernel'],
    ['names no kernel', ['--kernel', 'vax', 'mail/mail-raw-mmio.litmus'], "unknown kernel 'vax'"],
    ['is not C', [join(FIXTURES, 'bad.litmus')], 'bad.litmus:22:16: error: '],
    ['asks for BUG', ['--kernel', 'um-7.2', 'mail/mail-remap-twice.litmus'], 'BUG() ends User-mode'],
  ])('refuses what %s', (_, args, message) => {
    const paths = args.map((arg) => (/[/]|^mail$/.test(arg) ? resolve(corpus, arg) : arg));
    const { status, stderr, files } = bundle(...paths);
    expect(stderr).toContain(message);
    expect(files).toEqual([]);
    expect(status).toBe(2);
  });
});

describe('pfnmap rules', () => {
  test('prints the whole contract, a section of it, or one statement with its tests', () => {
    expect(pfnmap('rules').stdout).toMatch(/^A\.1-1 [^]*^F-43 /m);
    expect(pfnmap('rules', 'f').stdout).toMatch(/^F-1a /);
    const { status, stdout, stderr } = pfnmap('rules', 'f-2', 'H-9');
    expect(stdout).toMatch(
      /^H-9\n[^]*^Tests:\n[^]*^F-2\n[^]*^Owed by:\n {4}driver\n[^]*^ {4}breaks {2}litmus\/mail\//m,
    );
    expect(stdout).not.toContain('\u001b');
    expect([status, stderr]).toEqual([0, '']);
  });

  test('prints JSON', () => {
    const { stdout } = pfnmap('rules', '--format', 'json', 'F-17');
    expect(JSON.parse(stdout)).toMatchObject({
      id: 'F-17',
      section: 'F',
      owes: ['driver'],
      cases: expect.arrayContaining([
        expect.objectContaining({
          test: 'F-17-breaks',
          role: 'breaks',
          expected: [{ verdict: 'Always' }, { on: '6.1', verdict: 'Never' }],
        }),
        expect.objectContaining({ test: 'F-17-obeys', role: 'obeys' }),
      ]),
    });
  });

  test('knows what was meant', () => {
    const { status, stdout, stderr } = pfnmap('rules', 'F-1c');
    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toBe("pfnmap: the contract has no 'F-1c'; did you mean 'F-1a'?\n");
  });
});

describe('pfnmap run', () => {
  test('answers on x86_64 and arm with 7.2, in words that herd7 reads', () => {
    const { status, stdout, stderr } = pfnmap('run', 'small.litmus');
    expect(lexHerd(stdout).map(({ name, validation }) => [name, validation])).toEqual([
      ['small+x86_64+7.2', 'Ok'],
      ['small+arm+7.2', 'Ok'],
    ]);
    expect(stderr).toMatch(/^1 test, 2 runs: 2 as expected \([\d,]+ states, \d+\.\d s\)\n$/);
    expect(status).toBe(0);
  });

  test('goes on after a bad file, shows what is wrong with it, and leaves 2', () => {
    const { status, stdout, stderr } = pfnmap('run', '--format', 'ktap', '--arch', 'arm', '.');
    expect(readKtap(stdout).tests.map(({ name, ok }) => [name, ok])).toEqual([
      ['bad.litmus', false],
      ['small.litmus', true],
      ['wrong.litmus', false],
    ]);
    expect(stderr).toMatch(/^bad\.litmus:\d+:\d+: error: .* \[PFN\d{4}\]\n +\d+ \| .*\n +\| +\^/);
    expect(stderr).not.toMatch(/^ +at /m);
    expect(stderr).toContain('differs  wrong.litmus  arm 7.2: Always, expected Never');
    expect(status).toBe(2);
  });

  test('leaves 1 if a verdict differs; --all is every architecture and release', () => {
    const { status, stdout } = pfnmap('run', '--all', '--format=json', 'wrong.litmus');
    const results = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as { arch: string; release: string; observation: string });
    expect(new Set(results.map(({ arch, release }) => `${arch} ${release}`)).size).toBe(36);
    expect(results.every(({ observation }) => observation === 'Always')).toBe(true);
    expect(status).toBe(1);
  });

  test('leaves 124 if a bound was hit', () => {
    const { status, stdout, stderr } = pfnmap('run', '--max-states', '1', '--arch', 'arm', 'small.litmus');
    expect(lexHerd(stdout)[0]).toMatchObject({ validation: '??', observation: { word: 'Unknown' } });
    expect(stderr).toContain('1 unknown');
    expect(status).toBe(124);
  });

  test('--witness tells how', () => {
    const { stdout } = pfnmap('run', '--witness', '--arch', 'arm', 'wrong.litmus');
    expect(stdout).toContain('Witness of wrong+arm+7.2');
  });
});

test.each([
  [['run', '--arch', 'x86-64', 'small.litmus'], "unknown architecture 'x86-64'; did you mean 'x86_64'?"],
  [['run', '--timeut', '3', 'small.litmus'], "unknown option '--timeut'; did you mean '--timeout'?"],
  [['run', '--fact', 'nonsense=1', 'small.litmus'], "no fact is called 'nonsense'"],
  [['rnu'], "unknown command 'rnu'; did you mean 'run'?"],
])('%j is told and leaves 2', (args, message) => {
  const { status, stdout, stderr } = pfnmap(...args);
  expect(stderr).toContain(`pfnmap: ${message.startsWith('no fact') ? '--fact: ' : ''}${message}`);
  expect(stderr.split('\n').length).toBeLessThanOrEqual(4);
  expect([status, stdout]).toEqual([2, '']);
});

test.each([
  [['list', 'tests', '.'], /^small +small\.litmus +Always$/m],
  [['list', 'archs'], /^arm +32 +no +/m],
  [['list', 'releases'], /^6\.12 +linux 6\.12\.\d+$/m],
  [['list', 'facts'], /^ {4}read in mm\/memory\.c:\w+ \(/m],
  [['explain'], /^PFN1\d{3} +\S/m],
  [['explain', 'PFN2001'], /^PFN2001: .*\n\n(.+\n)+\nWrong:\n[\s\S]*\nRight:\n/],
])('%j', (args, output) => {
  const { status, stdout, stderr } = pfnmap(...args);
  expect(stdout).toMatch(output);
  expect([status, stderr]).toEqual([0, '']);
});

test('help and version need nothing else', () => {
  expect(pfnmap('run', '--help').stdout).toMatch(/^pfnmap run - /);
  expect(pfnmap('--version')).toEqual({
    status: 0,
    stdout: expect.stringMatching(/^pfnmap \d/) as string,
    stderr: '',
  });
});

test('the code that the build has compiled is run', () => {
  const dir = mkdtempSync(join(tmpdir(), 'pfnmap-'));
  const hook = join(dir, 'hook.cjs');
  // a bundle that Node has to compile is one of its modules
  const modules = `Object.keys(require.cache).filter((file) => file.endsWith('app.cjs'))`;
  writeFileSync(hook, `process.on('exit', () => console.log('compiled anew:', ${modules}.length));`);
  const command = ['--require', hook, BIN, 'list', 'facts'];
  const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  rmSync(dir, { recursive: true });
  expect(stdout.split('\n').at(-2)).toBe('compiled anew: 0');
});

test('a search has the optimizing compiler of WebAssembly, which the parser has not', () => {
  const search = ['run', '--arch', 'arm', '--no-symmetry', '--no-por', 'bench/middle.litmus'];
  const command = ['--trace-wasm-compilation-times', BIN, ...search];
  const { stdout } = spawnSync(process.execPath, command, { encoding: 'utf8' });
  const functions = [...stdout.matchAll(/^Compiled function \S+#(\d+) using TurboFan/gm)].map(([, n]) =>
    Number(n),
  );
  expect(functions).not.toEqual([]);
  // the parser has hundreds
  expect(Math.max(...functions)).toBeLessThan(50);
});

describe('signals', () => {
  test('a reader that goes away is no error worth a word', () => {
    const { stdout, stderr } = spawnSync(
      'sh',
      ['-c', `"$0" "$1" list facts | head -n 1`, process.execPath, BIN],
      {
        encoding: 'utf8',
      },
    );
    expect(stdout.split('\n')).toHaveLength(2);
    expect(stderr).toBe('');
  });

  test('SIGINT stops, prints what is known, and leaves 130', async () => {
    const dir = mkdtempSync(join(tmpdir(), 'pfnmap-'));
    afterAll(() => rmSync(dir, { recursive: true }));
    for (let i = 0; i < 2000; i++) copyFileSync(join(FIXTURES, 'small.litmus'), join(dir, `${i}.litmus`));
    const child = spawn(process.execPath, [BIN, 'run', '--all', dir]);
    let [stdout, stderr] = ['', ''];
    child.stdout.on('data', (data: Buffer) => {
      if (stdout === '') child.kill('SIGINT');
      stdout += String(data);
    });
    child.stderr.on('data', (data: Buffer) => (stderr += String(data)));
    const status = await new Promise((done) => child.on('close', done));
    expect(status).toBe(130);
    expect(stderr).toMatch(/^interrupted after \d+ tests?, /);
    expect(lexHerd(stdout).length).toBeGreaterThan(0);
  });
});
