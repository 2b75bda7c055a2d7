import { expect, test } from 'vitest';
import { helpText, versionText } from '../../src/cli/help.js';
import { ARCH_NAMES } from '../../src/kernel/arch/index.js';
import { RELEASES } from '../../src/kernel/release.js';
import { FORMATS } from '../../src/report/index.js';

const COMMANDS = ['run', 'verify', 'list', 'rules', 'explain', 'generate', 'campaign'];

test.each([undefined, ...COMMANDS])(
  'the help of %s fits 80 columns and 50 lines, and has examples',
  (command) => {
    const lines = helpText(command).split('\n');
    expect(lines.filter((line) => line.length > 80)).toEqual([]);
    expect(lines.length).toBeLessThanOrEqual(51);
    expect(lines).toContain('Examples:');
  },
);

test('the help of pfnmap names every command, that of an unknown one is the same', () => {
  for (const command of COMMANDS) expect(helpText()).toContain(`\n  ${command} `);
  expect(helpText('nonsense')).toBe(helpText());
});

test('the help of run names what there is to choose from', () => {
  for (const name of [...ARCH_NAMES, ...RELEASES, ...FORMATS]) expect(helpText('run')).toContain(name);
});

test('the version is that of the package', () => {
  expect(versionText()).toMatch(/^pfnmap \d+\.\d+\.\d+\n$/);
});
