import { expect, test } from 'vitest';
import { ProgressLine } from '../../src/cli/progress.js';
import { FakeTerminal } from './fake-terminal.js';

const STATE = { explored: 123_456, transitions: 400_000, queued: 2_000 };

/** A progress line on a terminal with a clock that the test turns. */
function line(isTTY: boolean, columns?: number) {
  const clock = { now: 0 };
  const terminal = new FakeTerminal(isTTY, columns);
  return { clock, terminal, progress: new ProgressLine(terminal, () => clock.now) };
}

test('appears after a second and says where the search is', () => {
  const { clock, terminal, progress } = line(true);
  clock.now = 900;
  progress.begin('[1/2] a.litmus arm 7.2');
  progress.update(STATE);
  expect(terminal.text).toBe('');
  clock.now = 2900;
  progress.update(STATE);
  expect(terminal.text).toBe('\r\u001b[K[1/2] a.litmus arm 7.2: 123,456 states, 61,728/s, 2,000 to do');
});

test('is never wider than the terminal', () => {
  const { clock, terminal, progress } = line(true, 40);
  clock.now = 2000;
  progress.begin('x'.repeat(100));
  expect(terminal.text.slice('\r\u001b[K'.length)).toHaveLength(39);
});

test('is drawn ten times a second at most', () => {
  const { clock, terminal, progress } = line(true);
  for (clock.now = 1000; clock.now < 2000; clock.now++) progress.update(STATE);
  expect(terminal.text.match(/states/g)).toHaveLength(10);
});

test('goes away once, before other output', () => {
  const { clock, terminal, progress } = line(true);
  progress.clear();
  expect(terminal.text).toBe('');
  clock.now = 1500;
  progress.update(STATE);
  terminal.text = '';
  progress.clear();
  progress.clear();
  expect(terminal.text).toBe('\r\u001b[K');
});

test('is never in a file or a pipe', () => {
  const { clock, terminal, progress } = line(false);
  clock.now = 5000;
  progress.begin('a');
  progress.update(STATE);
  progress.clear();
  expect(terminal.text).toBe('');
});
