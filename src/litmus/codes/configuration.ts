/** PFN4001 to PFN4014: results, selectors and options. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { headed, mapping, sample, withMemory } from './sample.js';

const observing = (header: string): string =>
  mapping('exists (0:folio_walk(p) = NULL)').replace('\n', `\n${header}`);

export const CONFIGURATION_CODES = {
  PFN4001: {
    code: 'PFN4001',
    title: 'a misspelt header line',
    explanation:
      'Expectations are written `Result: WORD` and `Result(SEL): WORD`, the restriction `Only: SEL`; each on a line of its own.',
    example: headed('Results: Never'),
    fix: headed('Result: Never'),
  },
  PFN4002: {
    code: 'PFN4002',
    title: 'not a result',
    explanation:
      "A result is one of the words of herd7's `Observation` line: `Never` (no outcome satisfies the proposition), `Sometimes` (some do), " +
      '`Always` (all do). For `~exists` too they speak of the proposition.',
    example: headed('Result: Allowed'),
    fix: headed('Result: Sometimes'),
  },
  PFN4003: {
    code: 'PFN4003',
    title: 'two results for one selection',
    explanation: 'Two lines with the same selector leave open which of them holds.',
    example: sample({ header: '(* Result: Never\n * Result: Sometimes\n *)' }),
    fix: sample({ header: '(* Result: Never\n * Result(!pte_special): Sometimes\n *)' }),
  },
  PFN4004: {
    code: 'PFN4004',
    title: 'not an item of a selector',
    explanation:
      'A selector is a comma-separated list of architectures (`arm64`), releases (`6.1`, `>=6.12`, `<7.2`) and traits (`pte_special`, ' +
      '`!pte_special`). Architectures are or-ed, releases are or-ed, traits are and-ed, and the three are and-ed.',
    example: headed('Only: arm 6.1'),
    fix: headed('Only: arm, 6.1'),
  },
  PFN4005: {
    code: 'PFN4005',
    title: 'an unknown architecture or trait',
    explanation: '`pfnmap list archs` shows the architectures and what each of them has.',
    example: headed('Result(pte_specail): Never'),
    fix: headed('Result(pte_special): Never\n * Result(!pte_special): Never'),
  },
  PFN4006: {
    code: 'PFN4006',
    title: 'an unknown release',
    explanation:
      'A release, or a comparison of releases, selects at least one that the model knows; `pfnmap list releases` shows them.',
    example: headed('Only: >=7.3'),
    fix: headed('Only: >=7.2'),
  },
  PFN4007: {
    code: 'PFN4007',
    title: 'a negation of something other than a trait',
    explanation:
      'Architectures are or-ed, and so are releases: `!arm, !um` would select everything. Name those that are meant, or the trait that ' +
      'divides them.',
    example: headed('Only: !arm'),
    fix: headed('Only: pte_special'),
  },
  PFN4008: {
    code: 'PFN4008',
    title: 'a selector that selects nothing',
    explanation:
      'No known configuration has all that the selector asks for, so the line would never have an effect.',
    example: headed('Only: mmap_prepare, 6.1'),
    fix: headed('Only: mmap_prepare'),
  },
  PFN4009: {
    code: 'PFN4009',
    title: 'a configuration without a result',
    explanation:
      'If a test says what is expected anywhere, it says so everywhere it runs. `Only:` restricts where it runs.',
    example: headed('Result(pte_special): Never'),
    fix: sample({ header: '(* Only: pte_special\n * Result: Never\n *)' }),
  },
  PFN4010: {
    code: 'PFN4010',
    title: 'results that compete',
    explanation:
      'Of the lines that match a configuration, that one wins whose selection is a subset of the selections of all others: the most specific ' +
      'one. Here none is. Add a line for what the two have in common, or make one of them narrower.',
    example: sample({ header: '(* Result: Never\n * Result(arm): Sometimes\n * Result(6.1): Always\n *)' }),
    fix: sample({
      header:
        '(* Result: Never\n * Result(arm): Sometimes\n * Result(6.1): Always\n * Result(arm, 6.1): Always\n *)',
    }),
  },
  PFN4011: {
    code: 'PFN4011',
    title: 'a second `Only:` line, or an empty one',
    explanation: 'One line says where a test exists; its items are separated by commas.',
    example: sample({ header: '(* Only: mmap_prepare\n * Only: pte_special\n *)' }),
    fix: headed('Only: mmap_prepare, pte_special'),
  },
  PFN4012: {
    code: 'PFN4012',
    title: 'an unknown option',
    explanation:
      '`option NAME = VALUE;` sets a kernel option such as DEBUG_VM, or overrides a fact about a release. `pfnmap list facts` shows them.',
    example: withMemory('option DEBUG_MV;'),
    fix: withMemory('option DEBUG_VM;'),
  },
  PFN4013: {
    code: 'PFN4013',
    title: 'releases that together select every release',
    explanation:
      'Releases are or-ed, so `>=6.12, <7.2` is not a range: every release satisfies one of the two. Name the releases.',
    example: headed('Only: >=6.12, <7.2'),
    fix: headed('Only: 6.12'),
  },
  PFN4014: {
    code: 'PFN4014',
    title: 'an observer that does not exist everywhere the test runs',
    explanation:
      '`Only:` keeps a test to the configurations where the things it uses exist; elsewhere it is reported as n/a.',
    example: observing(''),
    fix: observing('(* Only: folio_walk *)\n'),
  },
  PFN4015: {
    code: 'PFN4015',
    title: 'a line that names no id of the contract',
    explanation:
      '`Shows:`, `Obeys:` and `Breaks:` say which rows and rules of the contract a test is about: ids, separated by commas.',
    example: headed('Shows: COWed pages are normal'),
    fix: headed('Shows: A.2-9, C.5-exclusive'),
  },
  PFN4016: {
    code: 'PFN4016',
    title: 'an unknown id of the contract',
    explanation: '`pfnmap rules` lists the ids that tests may name, with what they say.',
    example: headed('Breaks: F-1c'),
    fix: headed('Breaks: F-1a'),
  },
  PFN4017: {
    code: 'PFN4017',
    title: 'something that cannot be kept or broken',
    explanation:
      'Only rules (F-1a, F-2, ...) are kept or broken by somebody. Rows, claims and anomalies say what is the case: a test shows them.',
    example: headed('Breaks: C.5-exclusive'),
    fix: headed('Shows: C.5-exclusive'),
  },
} as const satisfies Record<string, CodeDoc>;
