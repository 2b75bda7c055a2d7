import { closest } from '../c/suggest.js';
import { ALLOCATORS, type Allocator, type ProbabilityOptions } from '../run/probability/index.js';
import { KIND_NAMES } from '../verify/operations.js';
import type { KindName } from '../verify/types.js';
import { UsageError } from './exit.js';

/** One architecture and one release. */
export interface Configuration {
  readonly arch: string;
  readonly release: string;
}

/** What the model knows and what it runs on if nothing is asked for. */
export interface Offer {
  readonly archs: readonly string[];
  readonly releases: readonly string[];
}

export const DEFAULT_ARCHS = ['x86_64', 'arm'] as const;
export const DEFAULT_RELEASES = ['7.2'] as const;

/** @throws {UsageError} naming what is known, and what was probably meant. */
export function checkName(name: string, known: readonly string[], what: string): void {
  if (known.includes(name)) return;
  const near = closest(name, known);
  const hint = near === undefined ? '' : `; did you mean '${near}'?`;
  throw new UsageError(`unknown ${what} '${name}'${hint}\n  known: ${known.join(', ')}`);
}

function chosen(
  asked: readonly string[] | undefined,
  all: boolean,
  known: readonly string[],
  usual: readonly string[],
  what: string,
) {
  if (asked === undefined) return all ? known : usual;
  if (asked.length === 0) throw new UsageError(`no ${what} given`);
  for (const name of asked) checkName(name, known, what);
  return [...new Set(asked)];
}

/**
 * The configurations to run on, architectures first. `all` fills in only what was not asked for by name, so that
 * `--all --arch arm` is every release of arm.
 */
export function configurations(
  flags: { readonly arch?: readonly string[]; readonly release?: readonly string[]; readonly all: boolean },
  offer: Offer,
): Configuration[] {
  const archs = chosen(flags.arch, flags.all, offer.archs, DEFAULT_ARCHS, 'architecture');
  const releases = chosen(flags.release, flags.all, offer.releases, DEFAULT_RELEASES, 'release');
  return archs.flatMap((arch) => releases.map((release) => ({ arch, release })));
}

/** A positive number of seconds, as milliseconds. */
export function parseSeconds(text: string): number {
  const seconds = Number(text);
  if (text.trim() === '' || !(seconds > 0) || !Number.isFinite(seconds)) {
    throw new UsageError(`expected a positive number of seconds, found '${text}'`);
  }
  return seconds * 1000;
}

/** Bytes: `500M`, `2G`; M and G are powers of 1024. */
export function parseSize(text: string): number {
  const [, number, unit] = /^(\d+(?:\.\d+)?)([MG])$/.exec(text) ?? [];
  if (number === undefined || Number(number) <= 0)
    throw new UsageError(`expected a size such as 500M or 2G, found '${text}'`);
  return Number(number) * 2 ** (unit === 'M' ? 20 : 30);
}

/** A positive integer; `1e6` and `1_000_000` are integers too. */
export function parseCount(text: string): number {
  const number = Number(text.replaceAll('_', ''));
  if (!Number.isSafeInteger(number) || number <= 0) {
    throw new UsageError(`expected a positive integer, found '${text}'`);
  }
  return number;
}

/** A number from 0 to 2^31 - 1. */
export function parseSeed(text: string): number {
  const number = Number(text);
  if (text.trim() === '' || !Number.isInteger(number) || number < 0 || number >= 2 ** 31) {
    throw new UsageError(`expected a number from 0 to ${2 ** 31 - 1}, found '${text}'`);
  }
  return number;
}

/** What `--probability=` is given: one allocator, or `both`. */
export function parseAllocators(text: string): readonly Allocator[] {
  if (text === 'both') return ALLOCATORS;
  checkName(text, [...ALLOCATORS, 'both'], 'allocator');
  return [text as Allocator];
}

/** `--probability` alone is `--probability=both`, whatever stands behind it: a file is not its value. */
export function withBareOptions(args: readonly string[]): string[] {
  const end = args.indexOf('--');
  return args.map((arg, i) => (arg === '--probability' && (end < 0 || i < end) ? '--probability=both' : arg));
}

const UNITS: Readonly<Record<string, number>> = { K: 2 ** 10, M: 2 ** 20, G: 2 ** 30 };
const PAGE_SIZE = 4096;

/** RAM, as a number of frames: `65536`, or `256M`. */
export function parseRam(text: string): number {
  const unit = UNITS[text.slice(-1).toUpperCase()];
  const frames = unit === undefined ? parseCount(text) : (parseCount(text.slice(0, -1)) * unit) / PAGE_SIZE;
  if (!Number.isSafeInteger(frames)) throw new UsageError(`expected whole pages of 4 KiB, found '${text}'`);
  return frames;
}

/** The options of a run that ask for probabilities. @throws {UsageError} if RAM is given and nobody asks */
export function probabilityOf(flags: {
  readonly probability?: readonly Allocator[];
  readonly ram?: number;
}): {
  readonly probability?: ProbabilityOptions;
} {
  const { probability: allocators, ram: frames } = flags;
  if (allocators === undefined) {
    if (frames !== undefined) throw new UsageError('--ram needs --probability');
    return {};
  }
  return { probability: { allocators, ...(frames !== undefined && { frames }) } };
}

const PTRS = [2, 4, 8];

/** Entries in a page table of the model. */
export function parsePtrs(text: string): number {
  if (!PTRS.includes(Number(text))) throw new UsageError(`expected ${PTRS.join(', ')}, found '${text}'`);
  return Number(text);
}

/** Processes, pages, descriptors: a handful. */
export function parseSmall(text: string): number {
  const number = Number(text);
  if (!Number.isSafeInteger(number) || number < 1 || number > 16)
    throw new UsageError(`expected a number from 1 to 16, found '${text}'`);
  return number;
}

/** The name of an operation of `pfnmap verify`. */
export function parseOperation(text: string): KindName {
  checkName(text, Object.keys(KIND_NAMES), 'operation');
  return text as KindName;
}
