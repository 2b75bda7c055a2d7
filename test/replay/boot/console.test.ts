import { describe, expect, test } from 'vitest';
import { ConsoleLines, endOf } from '../../../src/replay/boot/console.js';
import { DONE_LINE } from '../../../src/replay/types.js';

function lines(...chunks: readonly (string | Uint8Array)[]): readonly string[] {
  const console = new ConsoleLines(() => {});
  for (const chunk of chunks) console.add(typeof chunk === 'string' ? Buffer.from(chunk) : chunk);
  return console.end();
}

describe('a console', () => {
  test('is cut into lines wherever its chunks end', () => {
    expect(lines('one\r\ntw', 'o\r\n\r', '\nlast')).toEqual(['one', 'two', '', 'last']);
  });

  test('keeps a character that two chunks share', () => {
    const bytes = Buffer.from('aä\n');
    expect(lines(bytes.subarray(0, 2), bytes.subarray(2))).toEqual(['aä']);
  });

  test('loses what moves a cursor', () => {
    expect(lines('\x1bc\x1b[?7l\x1b[2J\x1b[0mSeaBIOS\n')).toEqual(['SeaBIOS']);
  });

  test('tells each line when it comes', () => {
    const told: string[] = [];
    const console = new ConsoleLines((line) => told.push(line));
    console.add(Buffer.from('a\nb'));
    expect(told).toEqual(['a']);
    console.end();
    expect(told).toEqual(['a', 'b']);
  });
});

describe('a boot', () => {
  const PANIC = '[    1.0] Kernel panic - not syncing: Attempted to kill init!';

  test('is done if init says so', () => {
    expect(endOf(['x', DONE_LINE], false)).toBe('done');
  });

  test('is done even if the machine then hangs', () => {
    expect(endOf([DONE_LINE], true)).toBe('done');
  });

  test('panics even after it was done', () => {
    expect(endOf([DONE_LINE, PANIC], false)).toBe('panic');
    expect(endOf([PANIC], true)).toBe('panic');
  });

  test('without a last word is an error, or a timeout', () => {
    expect(endOf(['x'], false)).toBe('error');
    expect(endOf([], true)).toBe('timeout');
  });
});
