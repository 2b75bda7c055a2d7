import { describe, expect, test } from 'vitest';
import {
  accelerated,
  chooseAccelerator,
  KVM_TIMEOUT_MS,
  probeKvm,
} from '../../../src/replay/boot/accelerator.js';
import { booter, type Starter } from '../../../src/replay/boot/machine.js';
import { qemuStarter } from '../../../src/replay/boot/starters.js';
import { CATALOGUE } from '../../../src/replay/kernels/catalogue.js';
import { isNative } from '../../../src/replay/kernels/kvm.js';
import { DONE_LINE } from '../../../src/replay/types.js';

/** A device that everybody may use. */
const DEVICE = '/dev/null';

/** A shell stands for QEMU. */
function starting(script: string): (timeoutMs: number) => ReturnType<ReturnType<typeof booter>['run']> {
  const starter: Starter = () => ({ program: 'sh', args: ['-c', script] });
  return (timeoutMs) => booter(starter, false).run([], { timeoutMs: Math.min(timeoutMs, 300) });
}

describe('the probe of KVM', () => {
  test('believes a kernel that boots', async () => {
    const found = await probeKvm(DEVICE, starting(`echo ${DONE_LINE}`));
    expect(found.works).toBe(true);
    expect(found.reason).toMatch(/^a kernel booted in \d\.\d s$/);
  });

  test('ends when its time is over, and believes nothing', async () => {
    const began = Date.now();
    const found = await probeKvm(DEVICE, starting('echo SeaBIOS; exec sleep 60'));
    expect(found.works).toBe(false);
    expect(found.reason).toMatch(/^no kernel booted \(timeout after \d\.\d s\)$/);
    expect(Date.now() - began).toBeLessThan(10_000);
  });

  test('gives the kernel 20 s', async () => {
    const given: number[] = [];
    await probeKvm(DEVICE, async (timeoutMs) => {
      given.push(timeoutMs);
      return { end: 'done', timeMs: 1 };
    });
    expect(given).toEqual([KVM_TIMEOUT_MS]);
    expect(KVM_TIMEOUT_MS).toBe(20_000);
  });

  test.each([
    ['QEMU refuses', 'echo "qemu: failed to initialize kvm" >&2; exit 1', 'error'],
    ['the kernel dies', 'echo "Kernel panic - not syncing: x"', 'panic'],
  ])('believes nothing if %s', async (_, script, end) => {
    const found = await probeKvm(DEVICE, starting(script));
    expect(found.works).toBe(false);
    expect(found.reason).toContain(`(${end} after`);
  });

  test('starts nothing without the device', async () => {
    const found = await probeKvm('/nowhere/kvm', () => {
      throw new Error('started');
    });
    expect(found).toEqual({ works: false, reason: '/nowhere/kvm cannot be used' });
  });

  test('tells that QEMU is not there', async () => {
    const starter: Starter = () => ({ program: '/nowhere/qemu', args: [] });
    const found = await probeKvm(DEVICE, (timeoutMs) => booter(starter, false).run([], { timeoutMs }));
    expect(found.works).toBe(false);
    expect(found.reason).toContain('ENOENT');
  });
});

describe('the accelerator', () => {
  test.each([
    ['tcg', true, 'tcg'],
    ['auto', true, 'kvm'],
    ['kvm', true, 'kvm'],
    ['auto', false, 'tcg'],
    ['kvm', false, 'tcg'],
    ['auto', undefined, 'tcg'],
    ['kvm', undefined, 'tcg'],
  ] as const)('%s with a probe that says %s is %s', (wanted, works, expected) => {
    const finding = works === undefined ? undefined : { works, reason: '' };
    expect(chooseAccelerator(wanted, finding)).toBe(expected);
  });

  test('takes the place of TCG in the arguments of QEMU', () => {
    expect(accelerated(['-M', 'q35', '-accel', 'tcg', '-m', '512'], 'kvm')).toEqual([
      ...['-M', 'q35', '-accel', 'kvm', '-m', '512'],
    ]);
    const [spec] = CATALOGUE;
    const args = (accelerator?: 'kvm') =>
      qemuStarter(spec!.platform.qemu, 'kernel', accelerator)('i', '', 'd').args;
    expect(args()).toContain('tcg');
    expect(args('kvm')).toContain('kvm');
    expect(args('kvm')).not.toContain('tcg');
  });

  test('is never KVM for another processor or User-mode Linux', () => {
    const native = CATALOGUE.filter(isNative).map(({ id }) => id);
    expect(native).toEqual(process.arch === 'x64' ? ['amd64-7.2', 'amd64-6.12', 'amd64-6.1'] : []);
  });
});
