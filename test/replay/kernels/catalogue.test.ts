import { describe, expect, test } from 'vitest';
import { RELEASES } from '../../../src/kernel/release.js';
import { archNamed } from '../../../src/kernel/arch/index.js';
import { CATALOGUE, machineKernel, selectKernels } from '../../../src/replay/kernels/catalogue.js';

describe('the catalogue', () => {
  test('has each kernel once, each of an architecture and a release of the model', () => {
    expect(new Set(CATALOGUE.map(({ id }) => id)).size).toBe(CATALOGUE.length);
    for (const { arch, release } of CATALOGUE) {
      expect(archNamed(arch)?.name).toBe(arch);
      expect(RELEASES).toContain(release);
    }
  });

  test('has machines with and without a special bit, of each release that the model knows', () => {
    const columns = CATALOGUE.map(({ arch, release }) => `${arch} ${release}`);
    const expected = [
      'x86_64 7.2',
      'x86_64 6.12',
      'x86_64 6.1',
      'arm 7.2',
      'arm 6.12',
      'arm_lpae 7.2',
      'arm64 7.2',
      'um 7.2',
      'um 6.1',
    ];
    expect(columns).toEqual(expected);
  });

  test('runs every emulator with one processor, and QEMU for x86 without cmpxchg16b', () => {
    for (const { platform } of CATALOGUE) {
      const args = platform.qemu.args.join(' ');
      expect(args).toContain('-smp 1');
      expect(args).toContain('-no-reboot');
      if (platform.debian === 'amd64') expect(args).toContain('-cpu qemu64,-cx16');
    }
  });

  test('is selected from by name, in its own order', () => {
    expect(selectKernels([])).toHaveLength(CATALOGUE.length);
    expect(selectKernels(['um-7.2', 'amd64-6.1']).map(({ id }) => id)).toEqual(['amd64-6.1', 'um-7.2']);
    expect(() => selectKernels(['amd64-5.10'])).toThrow(/unknown kernel 'amd64-5.10': expected amd64-7.2,/);
  });

  test('says what a kernel does at a BUG', () => {
    const found = { version: 'v', hooks: { kprobes: false, kallsyms: true } };
    const [amd64, um] = selectKernels(['amd64-7.2', 'um-7.2']).map((spec) => machineKernel(spec, found));
    expect(amd64).toMatchObject({ uml: false, bugIsPanic: false, bits: 64, arch: 'x86_64', version: 'v' });
    expect(um).toMatchObject({ uml: true, bugIsPanic: true, release: '7.2' });
    expect('mmio' in um!).toBe(false);
  });
});
