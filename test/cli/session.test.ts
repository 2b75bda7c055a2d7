import { describe, expect, test } from 'vitest';
import { DiagnosticError, type Source } from '../../src/c/diagnostics.js';
import { ProgressLine } from '../../src/cli/progress.js';
import { readAndRunFile, type Engine, type FileRunOptions } from '../../src/cli/file-run.js';
import { Session, type SessionOptions } from '../../src/cli/session.js';
import { createReport } from '../../src/report/index.js';
import type { RunOptions, RunResult } from '../../src/run/result.js';
import { readKtap } from '../report/ktap-reader.js';
import { result } from '../report/results.js';
import { FakeTerminal } from './fake-terminal.js';

const BOTH = [
  { arch: 'x86_64', release: '7.2' },
  { arch: 'arm', release: '7.2' },
];

/** What a made-up test does when it is run; its text is the name of one of these. */
const BEHAVIOUR: Record<string, (options: RunOptions) => Partial<RunResult>> = {
  good: () => ({}),
  differs: () => ({ expected: 'Never', ok: false }),
  differsOnArm: ({ arch }) => (arch === 'arm' ? { expected: 'Never', ok: false } : {}),
  unknown: () => ({ observation: 'Unknown', ok: false, exhaustive: false, reason: 'bound: 1 s' }),
  na: () => ({ status: 'n/a', ok: false, reason: 'Only: 6.1' }),
  unconfigurable: () => {
    throw diagnosticError({ file: 'x', text: 'unconfigurable' }, 'no `Result:` line applies');
  },
  broken: () => {
    throw new TypeError('undefined is not a function');
  },
};

function diagnosticError(source: Source, message: string): DiagnosticError {
  return new DiagnosticError(source, [
    { code: 'PFN2001', severity: 'error', message, span: { start: 0, end: 4 } },
  ]);
}

/** Knows nothing but the behaviours above. */
const ENGINE: Engine<Source> = {
  parse(source) {
    if (source.text === 'unparsable') throw diagnosticError(source, 'expected `C NAME`');
    return source;
  },
  run: ({ file, text }, { arch, release, ...rest }) =>
    result({ test: text, file, arch, release, ...BEHAVIOUR[text]!({ arch, release, ...rest }) }),
};

function read(file: string): string {
  if (file === 'missing') throw Object.assign(new Error(), { code: 'ENOENT', syscall: 'open' });
  return file;
}

type Overrides = Partial<SessionOptions> & Partial<Omit<FileRunOptions, 'configurations'>>;

/** Runs a session over made-up files, named by what they do. */
async function session(files: readonly string[], overrides: Overrides = {}, engine = ENGINE) {
  const [stdout, stderr] = [new FakeTerminal(), new FakeTerminal()];
  const { share = false, common = {}, debug = false, ...rest } = overrides;
  const signal = overrides.signal ?? new AbortController().signal;
  const options = { configurations: BOTH, common, share, workers: 1, debug, color: false };
  const status = await new Session({
    files,
    configurations: BOTH.length,
    report: createReport('ktap'),
    stdout,
    stderr,
    color: false,
    progress: new ProgressLine(stderr),
    signal,
    run: (index, emit) => readAndRunFile(engine, files[index]!, read, options, signal, emit),
    ...rest,
  }).run();
  return { status, out: stdout.text, err: stderr.text };
}

describe('the exit status', () => {
  test.each([
    [['good'], 0],
    [['good', 'na'], 0],
    [['differs', 'good'], 1],
    [['differsOnArm'], 1],
    [['unknown', 'good'], 124],
    [['unknown', 'differs'], 1],
    [['unparsable', 'differs', 'unknown'], 2],
    [['missing'], 2],
    [['unconfigurable'], 2],
    [['broken', 'unparsable'], 5],
  ] as const)('of %j is %i', async (files, status) => {
    expect((await session(files)).status).toBe(status);
  });
});

describe('a bad file', () => {
  test('does not stop the others, and keeps the report whole', async () => {
    const { out, err } = await session(['unparsable', 'missing', 'unconfigurable', 'good']);
    const { tests, totals } = readKtap(out);
    expect(tests.map(({ name, ok }) => [name, ok])).toEqual([
      ['unparsable', false],
      ['missing', false],
      ['unconfigurable', false],
      ['good', true],
    ]);
    expect(totals).toContain('pass:2 fail:0 xfail:0 xpass:0 skip:0 error:4');
    expect(err).toContain('3 bad files');
  });

  test('shows its diagnostics once, however many configurations there are', async () => {
    const { err } = await session(['unconfigurable']);
    expect(err.match(/error: no `Result:` line applies \[PFN2001\]/g)).toHaveLength(1);
  });

  test('that cannot be read says why', async () => {
    expect((await session(['missing'])).err).toContain('missing: cannot be read (ENOENT)\n');
  });

  test('a fault of pfnmap shows its stack only on demand', async () => {
    expect((await session(['broken'])).err).toMatch(
      /internal error: undefined is not a function\n {2}This is a fault/,
    );
    expect((await session(['broken'])).err).not.toContain('    at ');
    expect((await session(['broken'], { debug: true })).err).toContain('    at ');
  });
});

describe('a session', () => {
  test('runs each file on each configuration, in order, with the common options', async () => {
    const seen: unknown[] = [];
    const run = (_: Source, { signal: _signal, onProgress: _progress, ...options }: RunOptions) => {
      seen.push(options);
      return result();
    };
    const common = { ptrs: 8, timeoutMs: 5, witness: true, facts: { x: '1' } };
    await session(['a', 'b'], { common }, { parse: (source) => source, run });
    expect(seen).toEqual([...BOTH, ...BOTH].map((configuration) => ({ ...common, ...configuration })));
  });

  test('shares runs if it is told to, and the engine can', async () => {
    const shared = (test: Source) => (options: RunOptions) =>
      ENGINE.run({ ...test, text: 'differs' }, options);
    const engine = { ...ENGINE, shared } as Engine<Source>;
    expect((await session(['good'], { share: true }, engine)).status).toBe(1);
    expect((await session(['good'], { share: false }, engine)).status).toBe(0);
  });

  test('prints results to stdout as they come, and the summary to stderr', async () => {
    const { out, err } = await session(['good'], { report: createReport('json') });
    expect(out.trimEnd().split('\n')).toHaveLength(2);
    expect(err).toMatch(/^1 test, 2 runs: 2 as expected/);
  });

  test('that is interrupted prints what is known and leaves 130', async () => {
    const controller = new AbortController();
    const run = (source: Source, { arch, release }: RunOptions) => {
      controller.abort();
      return result({ test: source.text, arch, release });
    };
    const { status, out, err } = await session(
      ['a', 'b'],
      { report: createReport('json'), signal: controller.signal },
      { parse: (source) => source, run },
    );
    expect(status).toBe(130);
    expect(out.trimEnd().split('\n')).toHaveLength(1);
    expect(err).toMatch(/^interrupted after 1 test, 1 run/);
  });
});
