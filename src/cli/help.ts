import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PACKAGE_ROOT } from './files.js';

const ROOT = `pfnmap - ask Linux questions about raw-PFN mappings, and get every answer

  A litmus test says what memory there is, what a driver does, what programs do,
  and asks about the outcome. pfnmap explores every interleaving of it on an
  executable model of the kernel's mm.

Usage: pfnmap COMMAND [ARGUMENT...]

  run      run litmus tests and compare the answers with what they expect
  verify   play every program against a driver; whose fault is it if it breaks?
  replay   run litmus tests on real kernels, and compare with the model
  compare  compare the model with what real kernels gave when it was recorded
  generate write small tests, systematically, that differ in their outcomes
  campaign run generated tests on real kernels, and compare with the model
  list     list tests, archs, releases or facts
  rules    print the contract: what drivers and mm owe, and which tests show it
  explain  explain a diagnostic code (PFNnnnn)

  -h, --help     show this text, or that of a command: pfnmap run --help
  -V, --version  show the version

Examples:
  pfnmap run litmus                        the whole corpus, x86_64 and arm, 7.2
  pfnmap run litmus/mail --all             every architecture and release
  pfnmap run --witness --arch arm my.litmus    how does the outcome come about?
  pfnmap explain PFN1001
`;

const RUN = `pfnmap run - run litmus tests

Usage: pfnmap run [OPTION...] FILE|DIR...

  Directories are searched for *.litmus. Without options a test runs on x86_64
  (which has a special bit in its page-table entries) and arm (which has none),
  as of Linux 7.2.

Where:
  --arch A,...       these architectures: x86_64 arm64 arm_lpae arm um riscv64
                     s390x ppc64 loongarch64 mips64 m68k xtensa
  --release R,...    these releases: 6.1 6.12 7.2
  --all              every architecture and release not restricted by the above
  --no-share         run configurations that a test cannot tell apart, too
  --jobs N           run files on N threads (one a processor)
  --workers N        make a large search on N threads (1)
  --fact NAME=VALUE  what if the kernel did this differently? ('list facts')
  --ptrs N           entries in a page table of the model: 2, 4 or 8 (4)

Output:
  --format F         herd (as herd7 prints it), ktap, json (an object a line)
  --witness          also show, step by step, how the outcome comes about
  --probability[=A]  also say how likely the condition is: uniform, last-freed
                     (named allocators, docs/probability.md), or both
  --ram N            ... in a RAM of so many frames, or bytes (240M)
  --coverage         also count the functions and branches of the model that no
                     execution ran; --details lists them

The search of one test on one configuration (docs/search.md):
  --timeout S        stop after S seconds
  --max-states N, --memory SIZE    stop after N distinct states, at 500M or 2G
  --compact          keep fingerprints of states: less memory, not exhaustive
  --no-symmetry      tell all free frames apart; slower, with the same outcomes
  --no-por           try commuting steps in both orders; with the same outcomes

Exit status:
  0    every answer is the expected one
  1    an answer differs
  2    bad usage or input
  124  a bound was hit, so that an answer is unknown

Examples:
  pfnmap run litmus
  pfnmap run --all --format json litmus/mail > answers.jsonl
  pfnmap run --arch arm --witness litmus/mail/mail-private-user-pgoff.litmus
`;

const VERIFY = `pfnmap verify - play every program against a driver

Usage: pfnmap verify [OPTION...] FILE|DIR...

  A file without threads has a driver and no question: verify meets it with
  every sequence of system calls and accesses, and asks in each state whether
  the invariants of the contract hold. If one falls, it shows a shortest way
  there, which rule was broken first, and by whom. docs/verify.md has the rest.

Where:
  --arch, --release, --all, --fact, --ptrs    as for 'pfnmap run'
  --any-user       leave the threads and the question of a test aside

Programs (what is beyond these bounds is listed with every answer):
  --processes N    processes that ever live: one and what fork makes
  --pages N        pages of address space of each. Without either: one process
                   with 2 pages, then 2 processes with a page each
  --files N        descriptors of each (1)
  --threads N      threads of the first process (1)
  --races          let processes meet inside system calls, not only between them
  --only OP,...    only these operations: open,mmap,ioctl,fork for instance
  --no-within      leave the header's Within: aside

The search of one driver on one configuration (docs/search.md):
  --depth N        stop before operation N + 1
  --timeout S      stop after S seconds
  --max-states N, --memory SIZE, --compact, --no-symmetry, --workers N
                   as for 'run'

Output:
  --format F       text (fit for a mail), json (an object a line)
  --emit FILE      write the first counterexample as a litmus test
  --html FILE      write everything as one page, to be stepped by arrow keys
  --coverage       also list lines of the driver that were never reached, rules
                   that nobody had an occasion to break, unasked facts, and
                   counts of what of the model never ran (--details: each)
  --probability[=A], --ram N    how likely are its steps to break an invariant?

Exit status:
  0    every invariant holds
  1    an invariant is violated
  2    bad usage or input
  124  unknown: a bound was hit

Examples:
  pfnmap verify --arch arm my-driver.litmus
`;

const REPLAY = `pfnmap replay - run litmus tests on real kernels

Usage: pfnmap replay [OPTION...] FILE|DIR...

  Drivers are compiled as kernel C, threads as a program, and all tests run in one
  boot of each kernel that 'npm run replay:setup' has made ready. Every test is
  repeated with other frames, choices and schedules. Each outcome of a machine has
  to be one of the model.

  --kernel K,...  these kernels: amd64-7.2, armmp-7.2, um-7.2, ... (all)
  --format F      histogram (as litmus7 prints it), ktap, json (an object a line)
  --runs N        repeat each test at most N times
  --record        keep what the machines gave in test/replay/recorded
  --verbose       show the consoles on stderr
  --accel A       auto, tcg or kvm. KVM is used only for kernels of this processor
                  and if one has booted under it: auto asks what setup saw
  --bundle DIR    run nothing: write one test for one kernel (amd64-7.2) to DIR,
                  as sources, a script that runs them in QEMU, and the answer
                  that the model expects; it needs neither pfnmap nor Node

Exit status:
  0    every machine agrees, or differs in a way that is explained
  1    a machine differs
  2    bad usage or input

Examples:
  pfnmap replay litmus
  pfnmap replay --kernel um-7.2 litmus/mail/mail-private-user-pgoff.litmus
  pfnmap replay --bundle out --kernel armmp-7.2 litmus/mail/mail-raw-mmio.litmus
`;

const COMPARE = `pfnmap compare - compare the model with recorded outcomes of real kernels

Usage: pfnmap compare [OPTION...] [FILE|DIR...]

  Runs the model and holds it against what 'pfnmap replay --record' has kept: no
  kernel is needed. Without a path: the whole corpus.

  --kernel K,...  these kernels (all that are recorded)
  --format F      table (a row a test), json (an object a line), markdown

Exit status: as of 'pfnmap replay'.
`;

const GENERATE = `pfnmap generate - write small tests

Usage: pfnmap generate [OPTION...]

  Enumerates kinds of memory, ways to map it, and up to three operations. Of the
  tests with the same outcomes (x86_64 and um, 7.2) the first, and so the
  smallest, is kept. The same seed gives the same tests.

  --seed N        where the enumeration begins, and in what strides (1)
  --count N       so many tests (20)
  --out DIR       write NAME.litmus into this directory, instead of to stdout
  --record LINE   write the test of this record (docs/campaign.md)

Examples:
  pfnmap generate --count 100 --out /tmp/tests && pfnmap replay /tmp/tests
`;

const CAMPAIGN = `pfnmap campaign - run generated tests on real kernels

Usage: pfnmap campaign [OPTION...]

  Takes the tests of 'pfnmap generate' as data to a kernel's interpreting
  module, compares each outcome with the model's, and makes what disagrees as
  small as it gets. What is known is kept: after an interruption the same
  command goes on.

  --seed N        as of 'pfnmap generate' (1)
  --count N       so many tests (2000)
  --kernel K,...  these kernels (um-7.2,amd64-7.2)
  --out DIR       where disagreements are written (in the cache)
  --verbose       show the consoles on stderr

Exit status: as of 'pfnmap replay'.

Examples:
  pfnmap campaign
  pfnmap campaign --seed 2 --count 200 --kernel um-7.2
`;

const LIST = `pfnmap list - list what there is

Usage: pfnmap list tests [FILE|DIR...]
       pfnmap list archs|releases|facts

  tests     litmus tests with what they expect (default: those in litmus/)
  archs     the architectures of the model, and whether they have a special bit
  releases  the kernel releases of the model, and the sources that were read
  facts     what differs between them: each fact with its values and its source

Examples:
  pfnmap list tests litmus/mail
  pfnmap list facts
`;

const RULES = `pfnmap rules - print the contract between mm and its drivers

Usage: pfnmap rules [--format F] [ID...]

  Without an ID: every row, rule, claim and anomaly. With the id of a section
  (B.2, F, H): what is in it. With the id of a statement (F-1a, B.2-prot): all
  about it, with the tests that show, keep or break it, what they expect, and
  the real kernels that ran them and agreed.

  --format F  text, json (an object a line, with the tests)

Examples:
  pfnmap rules F
  pfnmap rules F-1a B.2-prot
  pfnmap rules --format json > contract.jsonl
`;

const EXPLAIN = `pfnmap explain - explain a diagnostic code

Usage: pfnmap explain [PFNnnnn...]

  Says what the code means, with an example and its cure. Without a code, all of
  them are listed.

Examples:
  pfnmap explain PFN1001
  pfnmap explain
`;

const TEXTS: Readonly<Record<string, string>> = {
  run: RUN,
  verify: VERIFY,
  replay: REPLAY,
  compare: COMPARE,
  generate: GENERATE,
  campaign: CAMPAIGN,
  list: LIST,
  rules: RULES,
  explain: EXPLAIN,
};

/** The help of a command, or of pfnmap as a whole. */
export function helpText(command?: string): string {
  return (command === undefined ? undefined : TEXTS[command]) ?? ROOT;
}

export function versionText(): string {
  const { version } = JSON.parse(readFileSync(join(PACKAGE_ROOT, 'package.json'), 'utf8')) as {
    version: string;
  };
  return `pfnmap ${version}\n`;
}
