import { expect, test } from 'vitest';
import { ConsoleReader } from '../../../src/replay/compare/lines.js';

function read(...lines: string[]): ConsoleReader {
  const reader = new ConsoleReader();
  for (const line of lines) reader.line(line);
  return reader;
}

test('a test with two outcomes', () => {
  const reader = read(
    'Booting from ROM..LIT boot 7.2.13 x86_64',
    'LIT start 3',
    'LIT out 3 - 2 0:r=i:1;',
    '[    1.0] some other line',
    'LIT out 3 0.1 - 0:r=i:2;',
    'LIT done 3 24 limit 1 2 650 20 4',
    'LIT end',
  );
  expect(reader.version).toBe('7.2.13');
  expect(reader.ended).toBe(true);
  expect(reader.results.get(3)).toEqual({
    id: 3,
    outcomes: [
      { choices: '-', frames: '2', text: '0:r=i:1;', count: 20 },
      { choices: '0.1', frames: '-', text: '0:r=i:2;', count: 4 },
    ],
    runs: 24,
    complete: false,
    lost: 1,
    stuck: 2,
    timeMs: 650,
    end: 'done',
  });
});

test('a machine that dies at BUG says where', () => {
  const result = read(
    'LIT start 0',
    'BUG: failure at mm/memory.c:2767/vmf_insert_pfn_prot()!',
    'LITPANIC vmf_insert_pfn',
  ).results.get(0)!;
  expect(result).toMatchObject({
    end: 'panic',
    api: 'vmf_insert_pfn',
    message: 'mm/memory.c:2767/vmf_insert_pfn_prot()!',
  });
});

test('a test without an end is an error, one that hangs a time-out', () => {
  expect(read('LIT start 1').results.get(1)!.end).toBe('error');
  const hung = read('LIT start 1', 'LIT trouble 1 timeout 0:mmap 1:ioctl', 'LIT done 1 3 all 0 0 9000 2');
  expect(hung.results.get(1)).toMatchObject({ end: 'timeout', message: 'timeout 0:mmap 1:ioctl' });
});

test('a module that does not load', () => {
  expect(read('LIT error module -8 control -1').error).toBe('module -8 control -1');
});

test('a kernel that has reported a BUG is hurt until the test comes to its end', () => {
  const report = ['LIT start 1', '[  9.1] kernel BUG at mm/memory.c:2229!'];
  expect(read('LIT start 1').hurt).toBe(false);
  expect(read(...report).hurt).toBe(true);
  expect(read(...report, 'LIT done 1 1 all 0 0 9 1').hurt).toBe(false);
  expect(read('LIT start 1', 'Unable to handle kernel paging request at virtual address 0').hurt).toBe(true);
});
