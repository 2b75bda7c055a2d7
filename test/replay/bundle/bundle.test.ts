import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { bundleFiles } from '../../../src/replay/bundle/index.js';
import { firstSentence, summaryText } from '../../../src/replay/bundle/summary.js';
import type { MachineOutcomes } from '../../../src/replay/compare/verdict.js';
import { CATALOGUE, selectKernels } from '../../../src/replay/kernels/catalogue.js';
import type { KernelRecord } from '../../../src/replay/kernels/record.js';
import { runTest } from '../../../src/run/index.js';
import { parseLitmus } from '../../../src/run/parse.js';
import { grammar } from '../../litmus/grammar.js';
import { litmus } from '../../run/support.js';

const MACHINE = 'src/replay/machine';
const templates = Object.fromEntries(
  readdirSync(MACHINE).map((name) => [name, readFileSync(`${MACHINE}/${name}`, 'utf8')]),
);

const RECORD = {
  recipe: 2,
  version: '7.2.13+deb14-armmp',
  packages: [{ name: 'linux-binary-x', version: '7.2.13-1', architecture: 'armhf', size: 1, sha256: 'abc' }],
  compiler: 'gcc 12',
  qemu: 'QEMU 7.2',
} as unknown as KernelRecord;

function parse(name: string) {
  const file = `litmus/${name}.litmus`;
  return parseLitmus({ file, text: readFileSync(file, 'utf8') }, grammar);
}

async function bundled(name: string, id: string, more: { record?: KernelRecord; config?: string } = {}) {
  const [spec] = selectKernels([id]);
  const test = parse(name);
  const model = await runTest(test, { arch: spec!.arch, release: spec!.release });
  const recorded = {
    version: '7.2.13+deb14-armmp',
    outcomes: {
      ...{ test: test.name, hash: test.hash, runs: 8, complete: true, concurrent: false },
      outcomes: model.outcomes.slice(0, 1).map((o) => ({ text: o.text, positive: o.positive, count: 8 })),
    } satisfies MachineOutcomes,
  };
  const input = { test, model, spec: spec!, templates, ...more };
  const files = (extra: object): Record<string, string> =>
    Object.fromEntries(bundleFiles({ ...input, ...extra }).map(({ path, text }) => [path, text]));
  return { files: files({}), withRecording: files({ recorded }), model, parsed: test, recorded };
}

const MAIL = 'mail/mail-private-user-pgoff';

describe('a bundle', () => {
  test('has all that it takes, and nothing of pfnmap', async () => {
    const { files } = await bundled(MAIL, 'armmp-7.2', { record: RECORD, config: 'CONFIG_X=y\n' });
    expect(Object.keys(files)).toEqual(
      expect.arrayContaining([
        ...['README', 'summary.txt', 'expected.ktap', 'kernel.txt', 'config', 'jobs', 'run.sh', 'kernel-cc'],
        ...['Makefile', 'mail-private-user-pgoff.litmus', 'module/Kbuild', 'module/driver.c'],
        ...['program/threads.c', 'program/question.c', 'program/lit_ktap.c'],
      ]),
    );
    // every local header that a source asks for is there
    for (const [path, text] of Object.entries(files)) {
      for (const [, header] of text.matchAll(/^#include "([^"]+)"/gm)) {
        expect(files).toHaveProperty([path.replace(/[^/]*$/, header!)]);
      }
    }
    for (const path of ['run.sh', 'Makefile', 'kernel-cc'])
      expect(files[path]).not.toMatch(/\bnode\b|@[A-Z]+@/);
    expect(files['kernel.txt']).toContain('package   linux-binary-x 7.2.13-1 armhf sha256 abc');
  });

  test('leaves the driver as it stands in the test', async () => {
    const { files, parsed } = await bundled(MAIL, 'armmp-7.2');
    const { span } = parsed.driver;
    expect(files['module/driver.c']).toContain(parsed.source.text.slice(span.start, span.end));
    expect(files['module/driver.c']).not.toMatch(/^#(line|define)/m);
    for (const object of ['driver.o', 'lit_main.o', 'tests.o'])
      expect(files['module/Kbuild']).toContain(object);
  });

  test('asks on the machine what the test asks', async () => {
    const { files } = await bundled(MAIL, 'armmp-7.2');
    const question = files['program/question.c']!;
    expect(question).toContain(
      'lit_compare(LIT_EQ, lit_noted("0:vm_normal_page.p"), lit_special(LIT_NULL)) &&',
    );
    expect(question).toContain('{ "0:vm_normal_page.p=NULL; 0:is_anon.p=1;", 1 },');
  });

  test('keeps a filter', async () => {
    const text = litmus({
      threads: 'P0()\n{\n        int x = 1;\n}',
      condition: 'filter (0:x = 1 \\/ ~(0:x < 7))\nexists (0:x >= 1)',
    });
    const [spec] = selectKernels(['amd64-7.2']);
    const parsed = parseLitmus({ file: 'dir/t.litmus', text }, grammar);
    const model = await runTest(parsed, { arch: 'x86_64', release: '7.2' });
    const files = bundleFiles({ test: parsed, model, spec: spec!, templates });
    const question = files.find(({ path }) => path === 'program/question.c')!.text;
    const x = 'lit_noted("0:x")';
    expect(question.slice(question.indexOf('int filter')).replace(/\s+/g, ' ')).toContain(
      `return (lit_compare(LIT_EQ, ${x}, lit_int(1LL)) || !lit_compare(LIT_LT, ${x}, lit_int(7LL)));`,
    );
  });

  test('expects what the model says, and forgives what no choice led to before', async () => {
    const { files, withRecording } = await bundled(MAIL, 'armmp-7.2');
    expect(files['expected.ktap']).toBe(`KTAP version 1
1..3
# mail-private-user-pgoff on arm, Linux 7.2: exists (0:vm_normal_page(p) = NULL /\\ 0:is_anon(p) = 1)
ok 1 0:vm_normal_page.p=NULL; 0:is_anon.p=1; (condition holds)
ok 2 0:vm_normal_page.p=ram; 0:is_anon.p=1; (condition does not hold)
ok 3 nothing else was seen
`);
    expect(withRecording['expected.ktap']).toContain('(condition does not hold) # SKIP not seen\n');
    expect(withRecording['expected.ktap']).not.toContain('(condition holds) # SKIP');
  });

  test('starts User-mode Linux without QEMU', async () => {
    const { files } = await bundled(MAIL, 'um-7.2');
    expect(files['run.sh']).toContain('setarch -R "$KERNEL" mem=128M');
    expect(files['run.sh']).not.toContain('qemu');
    expect(files.Makefile).toContain('ARCH=um ');
  });

  test('looks for the window of I/O memory itself', async () => {
    const { files } = await bundled('mail/mail-raw-mmio', 'amd64-7.2');
    expect(files.jobs).toMatch(/^window\n0 \d+ 2 1 \d+\n$/);
    const { files: plain } = await bundled(MAIL, 'amd64-7.2');
    expect(plain.jobs).not.toContain('window');
  });
});

describe('the summary', () => {
  test('fits a mail', async () => {
    const { withRecording } = await bundled(MAIL, 'armmp-7.2', { record: RECORD });
    expect(withRecording['summary.txt']).toBe(`Test:     mail-private-user-pgoff
Asked:    exists (0:vm_normal_page(p) = NULL /\\ 0:is_anon(p) = 1)
Driver:   The counterexample: VM_PFNMAP set by hand on a private
          mapping, the user's offset left in vm_pgoff.
Kernel:   7.2.13+deb14-armmp (armmp-7.2; linux-binary-x 7.2.13-1)
Model:    Sometimes: 2 outcomes, the condition holds in 1
          * 0:vm_normal_page.p=NULL; 0:is_anon.p=1;
          - 0:vm_normal_page.p=ram; 0:is_anon.p=1;
Machine:  agrees (7.2.13+deb14-armmp): 1 of 2 outcomes in 8 runs, the
          condition holds in 1
Run:      ./run.sh KERNEL HEADERS (see README; about a minute)
          exits 0 if the kernel shows what expected.ktap says
`);
  });

  test('has at most 20 lines of 72 columns, whatever the test', { timeout: 60_000 }, async () => {
    for (const name of readdirSync('litmus/mail')) {
      const parsed = parse(`mail/${name.replace('.litmus', '')}`);
      const model = await runTest(parsed, { arch: 'arm', release: '7.2' });
      const long = `${'a long kernel version '.repeat(8)}${'x'.repeat(100)}`;
      const lines = summaryText({ test: parsed, model, kernel: long, recorded: undefined }).split('\n');
      expect(lines.length, name).toBeLessThanOrEqual(21);
      expect(lines.filter((line) => line.length > 72)).toEqual([]);
      expect(lines.some((line) => line.startsWith('Machine:  not recorded'))).toBe(true);
    }
  });

  test('takes a sentence of the header, without ids of the catalogue', () => {
    expect(firstSentence('One (F-9, F.V-1b): two,\nthree. Four.')).toBe('One: two, three.');
    expect(firstSentence('Maps 6.1 of it. More')).toBe('Maps 6.1 of it.');
    expect(firstSentence('no end')).toBe('no end');
  });
});

test('a bundle can be made for every kernel', async () => {
  for (const { id } of CATALOGUE) {
    const { files } = await bundled(MAIL, id);
    expect(files['run.sh']).toMatch(/^boot\(\) \{\n {2}\S/m);
  }
});
