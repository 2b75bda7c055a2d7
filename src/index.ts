/**
 * pfnmap as a library. Nothing here needs Node: the caller brings the parser's two WebAssembly binaries, which the
 * package exports as `pfnmap/web-tree-sitter.wasm` and `pfnmap/tree-sitter-c.wasm`.
 *
 * ```ts
 * const grammar = await loadGrammar(runtime, c);
 * const test = parseLitmus({ file: 'my.litmus', text }, grammar);
 * const { observation, outcomes } = await runTest(test, { arch: 'arm', release: '7.2' });
 * ```
 *
 * @packageDocumentation
 */

// A text in, a test out; everything wrong with it is one DiagnosticError.
export { type Grammar, loadGrammar } from './c/grammar.js';
export { parseLitmus } from './run/parse.js';
export type { LitmusTest, ResultLine, Verdict } from './litmus/ast.js';
export {
  type CodeDoc,
  type Diagnostic,
  DiagnosticError,
  formatDiagnostic,
  type Source,
  type Span,
} from './c/diagnostics.js';
export { C_CODES } from './c/codes.js';
export { LITMUS_CODES } from './litmus/codes.js';

// A test in, outcomes out.
export { CONFIGURATIONS, runTest, TRAIT_NAMES } from './run/index.js';
export { sharedRuns } from './run/shared.js';
export type {
  ModelCoverage,
  ModelPlace,
  Observation,
  Outcome,
  Progress,
  RunOptions,
  RunResult,
  Witness,
  WitnessStep,
} from './run/result.js';
export {
  ALLOCATORS,
  type Allocator,
  type Chances,
  type Probability,
  type ProbabilityOptions,
} from './run/probability/index.js';

// A driver in, an answer about every program out. Parse the text with `{ threadless: true }`.
export {
  type Blame,
  type Bounds,
  type Coverage,
  verifyTest,
  type VerifyOptions,
  type VerifyResult,
  type VerifyStep,
  type VerifyVerdict,
  type Violation,
} from './verify/index.js';
export { agrees, expectationOf, foundOf, withinOf } from './verify/expectation.js';
export { type Invariant, type InvariantId, INVARIANTS } from './contract/invariants/list.js';
export {
  counterexampleName,
  counterexampleText,
  formatVerify,
  formatVerifyJson,
  verifyObject,
} from './report/verify.js';

// A state as data to be drawn, and the page of `--html`.
export { pictureOf } from './run/picture/index.js';
export type {
  Classified,
  EntryPicture,
  FramePicture,
  GlobalPicture,
  Picture,
  ProcessPicture,
  VmaPicture,
} from './run/picture/types.js';
export { type Shown, verifyPage } from './report/html/page.js';

// The contract: statements and rules under stable ids, which tests name.
export {
  CONTRACT_IDS,
  type Enforcement,
  ENTRIES,
  type Entry,
  type Party,
  REASONS,
  type Rule,
  type RuleId,
  RULES,
  ruleNamed,
  type Section,
  SECTIONS,
} from './contract/index.js';
export { type Headline, readHeadline } from './litmus/headline.js';
export { type ContractLine, contractLines } from './report/contract.js';

// What people and programs read.
export {
  createReport,
  type Format,
  FORMATS,
  formatHerd,
  formatJson,
  formatWitness,
  type Report,
  Summary,
} from './report/index.js';

// The model: architectures, releases, facts, and a kernel that can be stepped and searched.
export {
  type Arch,
  ARCH_NAMES,
  type ArchName,
  archNamed,
  ARCHS,
  type ArchTraits,
} from './kernel/arch/index.js';
export { type Release, RELEASE_SOURCE, RELEASES } from './kernel/release.js';
export {
  FACT_NAMES,
  FactError,
  type FactName,
  type FactRow,
  type Facts,
  factsFor,
  factTable,
} from './kernel/facts.js';
export { Kernel } from './kernel/kernel.js';
export { bootKernel, compile, type Compiled } from './run/boot.js';
export { kernelSystem } from './run/system.js';
export { Search } from './explore/bfs.js';
export type { TransitionSystem } from './explore/system.js';
