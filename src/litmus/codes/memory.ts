/** PFN2010 to PFN2027: the memory block. */
import type { CodeDoc } from '../../c/diagnostics.js';
import { sample, withMemory } from './sample.js';

export const MEMORY_CODES = {
  PFN2010: {
    code: 'PFN2010',
    title: 'the memory block is missing',
    explanation:
      'Behind the header stands a block in braces that says what memory there is. It may be empty, `{ }`, but it must be there: ' +
      'it divides the header from the driver.',
    example: sample({ memory: '' }),
    fix: sample({ memory: '{ }' }),
  },
  PFN2011: {
    code: 'PFN2011',
    title: 'the memory block is not closed',
    explanation:
      'The memory block contains no braces of its own; a second `{` before its `}` belongs to the driver code.',
    example: sample({ memory: '{\n  ram pool = 4 pages;\n' }),
    fix: sample({ memory: '{\n  ram pool = 4 pages;\n}' }),
  },
  PFN2012: {
    code: 'PFN2012',
    title: 'an unknown declaration in the memory block',
    explanation:
      'The block declares regions (`ram`, `reserved`, `mmio`, `device`), what user space may reach of them (`resource`), options ' +
      '(`option`, `faults alloc`, `threads P0 P1`) and initial contents (`NAME[k] = v`).',
    example: withMemory('resreved buf = 1 page;'),
    fix: withMemory('reserved buf = 1 page;'),
  },
  PFN2013: {
    code: 'PFN2013',
    title: 'a mistake in the form of a declaration',
    explanation:
      'The forms are `KIND NAME = N pages;` (N may be `2 * PTRS_PER_PTE`), `mmio NAME = N pages low;`, `KIND A..B;`, `resource NAME = REGION[A..B];`, ' +
      '`option NAME = VALUE;` and `NAME[k] = v;`. Every declaration ends with a semicolon.',
    example: withMemory('ram pool = 4 pages', 'reserved buf = 1 page;'),
    fix: withMemory('ram pool = 4 pages;', 'reserved buf = 1 page;'),
  },
  PFN2014: {
    code: 'PFN2014',
    title: 'a region or resource declared twice',
    explanation: 'The name of a region or resource stands for its first frame; it can stand for one only.',
    example: withMemory('ram pool = 4 pages;', 'reserved pool = 1 page;'),
    fix: withMemory('ram pool = 4 pages;', 'reserved buf = 1 page;'),
  },
  PFN2015: {
    code: 'PFN2015',
    title: 'a reserved name',
    explanation:
      'Regions and resources are used by name in driver code and conditions, so keywords of C, words of the litmus language, ' +
      'constants and names of threads cannot be theirs.',
    example: withMemory('ram device = 4 pages;'),
    fix: withMemory('ram dev_mem = 4 pages;'),
  },
  PFN2016: {
    code: 'PFN2016',
    title: 'a number out of range',
    explanation:
      'A region has at least one page and at most 65536, far more than can be explored; a pfn has at most 40 bits. Sizes are ' +
      'given in pages, not in bytes.',
    example: withMemory('ram pool = 0 pages;'),
    fix: withMemory('ram pool = 1 page;'),
  },
  PFN2017: {
    code: 'PFN2017',
    title: 'a range that ends before it begins',
    explanation: 'In `A..B` both ends belong to the range, as in /proc/iomem, so `B` is at least `A`.',
    example: withMemory('ram 0x20..0x10;'),
    fix: withMemory('ram 0x10..0x20;'),
  },
  PFN2018: {
    code: 'PFN2018',
    title: 'literal ranges that overlap',
    explanation:
      'A frame belongs to one region. Both ends belong to a range: `0..3` and `3..5` share frame 3.',
    example: withMemory('ram 0..3;', 'mmio bar = 3..5;'),
    fix: withMemory('ram 0..3;', 'mmio bar = 4..5;'),
  },
  PFN2019: {
    code: 'PFN2019',
    title: 'an unknown region in the memory block',
    explanation: '`resource` and initial contents refer to a region that the same block declares by name.',
    example: withMemory('mmio bar = 2 pages;', 'resource window = baz[0..1];'),
    fix: withMemory('mmio bar = 2 pages;', 'resource window = bar[0..1];'),
  },
  PFN2020: {
    code: 'PFN2020',
    title: 'a resource that reaches beyond its region',
    explanation: 'Frames of a region are counted from 0, and both ends of `A..B` belong to the resource.',
    example: withMemory('mmio bar = 2 pages;', 'resource window = bar[0..2];'),
    fix: withMemory('mmio bar = 2 pages;', 'resource window = bar[0..1];'),
  },
  PFN2021: {
    code: 'PFN2021',
    title: 'initial contents beyond the region',
    explanation: '`NAME[k] = v;` sets frame `k` of the region, counted from 0.',
    example: withMemory('reserved buf = 2 pages;', 'buf[2] = 1;'),
    fix: withMemory('reserved buf = 2 pages;', 'buf[1] = 1;'),
  },
  PFN2022: {
    code: 'PFN2022',
    title: 'initial contents set twice',
    explanation: 'A frame holds one value at the start.',
    example: withMemory('reserved buf = 2 pages;', 'buf[0] = 1;', 'buf[0] = 2;'),
    fix: withMemory('reserved buf = 2 pages;', 'buf[0] = 1;', 'buf[1] = 2;'),
  },
  PFN2023: {
    code: 'PFN2023',
    title: 'a region placed where it cannot be',
    explanation:
      'Only an `mmio` region can be placed: `low` lies below RAM, `high` above it, `io` in the space of I/O pfns of ' +
      'architectures that have one. The other kinds have struct pages and lie where RAM lies.',
    example: withMemory('ram pool = 4 pages high;'),
    fix: withMemory('mmio bar = 4 pages high;'),
  },
  PFN2024: {
    code: 'PFN2024',
    title: 'an unknown kind of injected fault',
    explanation:
      '`faults alloc;` lets every allocation fail, as one of the choices that are explored. There are no other kinds.',
    example: withMemory('ram pool = 4 pages;', 'faults io;'),
    fix: withMemory('ram pool = 4 pages;', 'faults alloc;'),
  },
  PFN2025: {
    code: 'PFN2025',
    title: 'an option set twice',
    explanation: 'An option has one value.',
    example: withMemory('option DEBUG_VM;', 'option DEBUG_VM = no;'),
    fix: withMemory('option DEBUG_VM;'),
  },
  PFN2026: {
    code: 'PFN2026',
    title: 'a group of threads that cannot be',
    explanation:
      '`threads P0 P1;` makes the threads it names run in one process, with one mm and one file table. It names two or more ' +
      'threads of the test, and a thread is in one group at most.',
    example: withMemory('threads P0 P1;'),
    fix: sample({
      memory: '{ threads P0 P1; }',
      threads: 'P0()\n{\n\tint x = 0;\n}\nP1()\n{\n\tint y = 0;\n}',
    }),
  },
  PFN2027: {
    code: 'PFN2027',
    title: 'not an integer',
    explanation:
      'Integers are decimal, or hexadecimal with `0x`. They have no suffix and at most 64 bits; a leading 0 does not mean octal ' +
      'and is refused, for C readers would take it for octal.',
    example: withMemory('ram pool = 010 pages;'),
    fix: withMemory('ram pool = 8 pages;'),
  },
} as const satisfies Record<string, CodeDoc>;
