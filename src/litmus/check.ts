/** Checks of a test's structure that need more than one of its parts. */
import type { DiagnosticSink, Span } from '../c/diagnostics.js';
import { didYouMean } from '../c/suggest.js';
import type { TranslationUnit } from '../c/ast.js';
import type { MemoryBlock, Region, ThreadFragment, ThreadSource } from './ast.js';
import { reservedBecause } from './names.js';
import { LEAST_PTRS, regionPages } from './region-size.js';
import { isAttribute } from './observers.js';
import { declarationsIn, fileScopeNames } from './scope.js';

interface Named {
  readonly name: string;
  readonly span: Span;
  readonly what: string;
}

/** Names of regions and resources: no two alike, none reserved. @returns the first declaration of each */
export function checkMemoryNames(memory: MemoryBlock, sink: DiagnosticSink): ReadonlyMap<string, Named> {
  const names = new Map<string, Named>();
  const all: Named[] = [
    ...memory.regions.flatMap((r) =>
      r.name === undefined ? [] : [{ name: r.name, span: r.nameSpan, what: 'region' }],
    ),
    ...memory.resources.map((r) => ({ name: r.name, span: r.nameSpan, what: 'resource' })),
  ].sort((a, b) => a.span.start - b.span.start);
  for (const named of all) {
    const reason = reservedBecause(named.name);
    const first = names.get(named.name);
    if (reason) {
      sink.error('PFN2015', `\`${named.name}\` cannot name a ${named.what}: it is ${reason}`, named.span);
    } else if (first) {
      sink.error('PFN2014', `\`${named.name}\` is declared twice`, named.span, {
        notes: [{ message: `the first one, a ${first.what}`, span: first.span }],
      });
    }
    if (!first) names.set(named.name, named);
  }
  return names;
}

/** Literal ranges do not overlap. */
export function checkLiteralRanges(memory: MemoryBlock, sink: DiagnosticSink): void {
  const literal = memory.regions
    .filter((r): r is Region & { first: number } => r.first !== undefined)
    .sort((a, b) => a.first - b.first);
  let reach = literal[0];
  for (const region of literal.slice(1)) {
    if (region.first < reach.first + reach.pages) {
      const later = region.span.start > reach.span.start ? region : reach;
      sink.error('PFN2018', 'this range overlaps another one', later.span, {
        notes: [{ message: 'the other one', span: (later === region ? reach : region).span }],
      });
    }
    if (region.first + region.pages > reach.first + reach.pages) reach = region;
  }
}

/** Resources and initial contents lie in regions that exist. */
export function checkRegionReferences(memory: MemoryBlock, sink: DiagnosticSink): void {
  const regions = new Map(
    memory.regions.flatMap((r) => (r.name === undefined ? [] : [[r.name, r] as const])),
  );
  const find = (name: string, span: Span): Region | undefined => {
    const region = regions.get(name);
    if (!region)
      sink.error('PFN2019', `there is no region \`${name}\``, span, didYouMean(name, regions.keys()));
    return region;
  };
  for (const resource of memory.resources) {
    const region = find(resource.region, resource.regionSpan);
    if (region && resource.last >= regionPages(region, LEAST_PTRS)) {
      const message = onlyFrames(region);
      const notes = [{ message: 'the region', span: region.span }];
      sink.error('PFN2020', message, resource.span, {
        expected: 'a range whose both ends lie in the region',
        notes,
      });
    }
  }
  const set = new Map<string, Span>();
  for (const { region: name, regionSpan, index, span } of memory.contents) {
    const region = find(name, regionSpan);
    if (region && index >= regionPages(region, LEAST_PTRS)) {
      sink.error('PFN2021', onlyFrames(region), span, {
        notes: [{ message: 'the region', span: region.span }],
      });
    }
    const first = set.get(`${name}[${index}]`);
    if (first)
      sink.error('PFN2022', `\`${name}[${index}]\` is set twice`, span, {
        notes: [{ message: 'set here first', span: first }],
      });
    else set.set(`${name}[${index}]`, span);
  }
}

/** A region whose size follows the page tables has its frames for certain only up to the smallest tables' size. */
function onlyFrames(region: Region): string {
  const frames = `\`${region.name}\` has only the frames 0..${regionPages(region, LEAST_PTRS) - 1}`;
  return region.size === undefined ? frames : `${frames} where a table has ${LEAST_PTRS} entries`;
}

/** More threads than anyone can explore. */
export const MAX_THREADS = 16;

/** Threads are P0, P1, ... in this order. */
export function checkThreads(
  threads: readonly ThreadFragment[],
  codeEnd: number,
  sink: DiagnosticSink,
): void {
  if (threads.length === 0) {
    sink.error(
      'PFN2030',
      'the test has no thread',
      { start: Math.max(0, codeEnd - 1), end: codeEnd },
      {
        expected: '`P0() { ... }` after the driver code',
      },
    );
  }
  if (threads.length > MAX_THREADS) {
    sink.error('PFN2037', `a test has at most ${MAX_THREADS} threads`, threads[MAX_THREADS].nameSpan);
  }
  const seen = new Map<number, ThreadFragment>();
  let next = 0;
  for (const thread of threads.slice(0, MAX_THREADS)) {
    const first = seen.get(thread.index);
    if (first) {
      sink.error('PFN2032', `there are two threads P${thread.index}`, thread.nameSpan, {
        notes: [{ message: 'the first one', span: first.nameSpan }],
      });
      continue;
    }
    seen.set(thread.index, thread);
    if (thread.index !== next) {
      sink.error('PFN2031', `the thread that comes here is P${next}, not P${thread.index}`, thread.nameSpan, {
        expected: 'P0, P1, ... in this order, none left out',
      });
    }
    next = Math.max(next, thread.index) + 1;
  }
}

/** `threads P0 P1` names threads of the test, each at most once. */
export function checkThreadGroups(
  memory: MemoryBlock,
  threads: readonly ThreadFragment[],
  sink: DiagnosticSink,
): void {
  const known = new Set(threads.map((t) => t.index));
  const member = new Map<number, Span>();
  for (const { index, span } of memory.threadGroups.flatMap((g) => g.threads)) {
    const first = member.get(index);
    if (first) {
      const notes = [{ message: 'named here first', span: first }];
      sink.error('PFN2026', `P${index} runs in one process only`, span, { notes });
    } else if (!known.has(index) && known.size > 0) {
      sink.error('PFN2026', `there is no thread P${index}`, span, {
        expected: [...known].map((k) => `\`P${k}\``).join(', '),
      });
    }
    member.set(index, span);
  }
}

/** Names of the memory block are not declared again by the driver or a thread; names of attributes not by a thread. */
export function checkCodeNames(
  names: ReadonlyMap<string, Named>,
  driver: TranslationUnit,
  threads: readonly ThreadSource[],
  sink: DiagnosticSink,
): void {
  const taken = (name: string, span: Span): void => {
    const first = names.get(name);
    if (!first) return;
    sink.error('PFN2064', `\`${name}\` is the name of a ${first.what} already`, span, {
      suggestion: 'give one of them another name',
      notes: [{ message: `the ${first.what}`, span: first.span }],
    });
  };
  for (const { name, span } of fileScopeNames(driver.items)) taken(name, span);
  for (const thread of threads) {
    for (const { name, nameSpan } of declarationsIn(thread.body.body)) {
      taken(name, nameSpan);
      if (!isAttribute(name)) continue;
      sink.error(
        'PFN2065',
        `\`${name}\` cannot name a variable: \`${thread.index}:${name}\` has a meaning already`,
        nameSpan,
        {
          suggestion: 'give the variable another name',
        },
      );
    }
  }
}
