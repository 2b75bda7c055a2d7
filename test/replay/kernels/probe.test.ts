import { describe, expect, test } from 'vitest';
import { parseProbe } from '../../../src/replay/kernels/probe.js';

const LINES = [
  'Booting from ROM..',
  'probe: release 7.2.13+deb14-cloud-amd64',
  'probe: kallsyms',
  'probe: window fd000000',
  'probe: module 0',
  'probe: kprobe 0',
];

describe('the first boot', () => {
  test('says what there is', () => {
    expect(parseProbe(LINES)).toEqual({
      version: '7.2.13+deb14-cloud-amd64',
      hooks: { kprobes: true, kallsyms: true },
      mmio: [0xfd000, 4096],
    });
  });

  test('says what there is not', () => {
    expect(parseProbe(['probe: release 6.1', 'probe: module 0', 'probe: kprobe -1'])).toEqual({
      version: '6.1',
      hooks: { kprobes: false, kallsyms: false },
    });
  });

  test('takes no window that was given no address', () => {
    expect(parseProbe([...LINES.slice(0, 3), 'probe: window 0', ...LINES.slice(4)]).mmio).toBeUndefined();
  });

  test('fails if no module loads, and shows the console', () => {
    const lines = LINES.map((line) => line.replace('module 0', 'module -1'));
    expect(() => parseProbe(lines)).toThrow(/first boot failed:\nBooting from ROM/);
    expect(() => parseProbe(['Kernel panic'])).toThrow('Kernel panic');
  });
});
