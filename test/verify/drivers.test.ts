/** The drivers of the corpus against every program of one process with one page (docs/verify.md, "The corpus"). */
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { parseLitmus } from '../../src/run/parse.js';
import { verifyTest, type VerifyOptions } from '../../src/verify/index.js';
import { grammar } from '../litmus/grammar.js';

const DIR = 'litmus/drivers';

/** The invariant that falls, and whose fault: the rule broken first, or who is to blame without one. */
const REFUTED: Readonly<Record<string, string>> = {
  'buffer-busy-broken-unchecked': 'not-freed F-1a',
  'devmem-range-broken-unchecked': 'resource F-1a',
  'dma-coherent-broken-stop': 'not-freed F-1a',
  'drm-fault-pfn-broken-private': 'no-bug F-5',
  'fb-iomap-broken-no-len': 'resource F-1a',
  'half-inserted-broken-double-put': 'refcount driver',
  'half-inserted-broken-leak': 'no-leak driver',
  // copy_to_user() under the lock that the fault handler takes.
  'lock-order-broken-copy': 'no-deadlock driver',
  'private-index-broken-restore': 'class F-9',
  'private-prot-broken-shared': 'private-write F-13',
  'refuse-private-broken-vm-write': 'no-bug F-5',
  'uio-logical-broken-pfnmap': 'class F-10',
  'vmalloc-ring-broken-raw': 'not-freed F-1a',
  'vvar-broken-maywrite': 'no-bug F-5',
  // A page that a fault handler returns without a reference: the catalogue has no rule for it.
  'uio-logical-broken-no-get': 'refcount contract',
  // These trust their own test: an ioctl before mmap(), or twice, follows NULL or frees again.
  'gem-close': 'no-undefined driver',
  'gem-close-broken-mixed': 'no-undefined driver',
  'private-index': 'no-undefined driver',
  'private-index-broken-pgoff': 'no-undefined driver',
  'private-template-broken-unreachable': 'no-undefined driver',
  'revoke-all-broken-saved-vma': 'no-undefined driver',
  'vmalloc-ring': 'no-undefined driver',
};

/** Two pages at least make a mapping of these; the others have more states than a test should look at. */
const UNKNOWN = /^(half-inserted|ring-order.*|ring-per-page.*|two-banks.*|lock-order)$/;

async function verdict(name: string, options: Partial<VerifyOptions>, edit = (text: string): string => text) {
  const file = `${DIR}/${name}.litmus`;
  const parsed = parseLitmus({ file, text: edit(readFileSync(file, 'utf8')) }, grammar);
  const all = { arch: 'arm', release: '7.2', processes: 1, pages: 1, maxStates: 15_000, ...options };
  const { verdict: word, violation } = await verifyTest(parsed, all);
  if (violation === undefined) return word;
  return `${violation.invariant} ${violation.blame?.rule ?? violation.blame?.by ?? 'contract'}`;
}

const names = readdirSync(DIR)
  .map((file) => file.replace('.litmus', ''))
  .filter((name) => !name.startsWith('vfio-fault-race') && !name.startsWith('vfio-fault-whole'));

test.each(names)('%s', async (name) => {
  const expected = REFUTED[name] ?? (UNKNOWN.test(name) ? 'unknown' : 'holds');
  const bound = expected === 'unknown' ? { maxStates: 1500 } : {};
  expect(await verdict(name, bound)).toBe(expected);
});

test.each([
  ['buffer-count', 'not-freed F-1a'],
  ['mmap-error', 'not-freed F-1a'],
  ['status-page-broken-both', 'no-bug F-7'],
  ['vfio-prepare', 'resource F-1a'],
])(
  'with two pages %s maps what is not its own, for it does not look at lengths: %s',
  async (name, expected) => {
    expect(await verdict(name, { pages: 2 })).toBe(expected);
  },
);

const header = (line: string) => (text: string) => text.replace('(*\n', `(*\n * ${line}\n`);
const memory = (line: string) => (text: string) => text.replace('\n{\n', `\n{\n  ${line}\n`);

test.each([
  ['readonly-buffer', 'holds', header('Readonly: buf')],
  ['readonly-buffer-broken-maywrite', 'read-only F-16', header('Readonly: buf')],
  ['offset-check', 'holds', memory('resource win = buf[2..2];')],
  ['offset-check-broken-signed', 'resource F-1a', memory('resource win = buf[2..2];')],
  ['revoke-all', 'holds', header('Revoke: 1')],
] as const)('%s, with what its author says of it: %s', async (name, expected, edit) => {
  expect(await verdict(name, {}, edit)).toBe(expected);
});

test('a driver with a revocation that forgets private mappings breaks F-21', async () => {
  const half = (text: string): string => header('Revoke: 1')(text).replace('0, 0, 1)', '0, PAGE_SIZE, 1)');
  expect(await verdict('revoke-all', {}, half)).toBe('revoked F-21');
});

describe('between two processes, inside system calls', () => {
  const races = {
    races: true,
    processes: 2,
    maxStates: 60_000,
    only: ['open', 'mmap', 'ioctl', 'fork'],
  } as const;

  test('a driver that tests and counts without its lock frees what is being mapped', async () => {
    expect(await verdict('buffer-busy-broken-unlocked', races)).toBe('not-freed F-1a');
  });
});
