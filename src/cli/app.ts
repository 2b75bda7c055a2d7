import {
  ArgumentScannerError,
  buildApplication,
  buildCommand,
  buildRouteMap,
  ExitCode,
  formatMessageForArgumentScannerError,
  run,
  text_en,
} from '@stricli/core';
import { FORMATS } from '../report/index.js';
import { DiagnosticError } from '../c/diagnostics.js';
import { ACCELERATORS } from '../replay/boot/accelerator.js';
import { COMPARE_FORMATS, COMPARISON_FORMATS } from '../replay/compare/formats.js';
import type { Context } from './context.js';
import { EXIT, type ExitStatus, UsageError } from './exit.js';
import { parseFact } from '../kernel/facts.js';
import {
  parseAllocators,
  parseCount,
  parseOperation,
  parsePtrs,
  parseRam,
  parseSeconds,
  parseSize,
  parseSeed,
  parseSmall,
  withBareOptions,
} from './options.js';
import type { CampaignFlags } from './campaign.js';
import type { CompareFlags } from './compare.js';
import type { GenerateFlags } from './generate.js';
import type { ReplayFlags } from './replay.js';
import { VERIFY_FORMATS } from '../report/verify.js';
import { RULES_FORMATS, type RulesFlags } from './rules.js';
import type { RunFlags } from './run.js';
import type { VerifyFlags } from './verify.js';

const text = (input: string): string => input;

/** Help texts are our own (help.ts): stricli's `brief`s are never seen. */
const brief = '';

const runCommand = buildCommand<RunFlags, string[], Context>({
  loader: async () => (await import('./run.js')).runCommand,
  docs: { brief },
  parameters: {
    flags: {
      arch: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      release: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      all: { kind: 'boolean', default: false, withNegated: false, brief },
      fact: { kind: 'parsed', parse: parseFact, variadic: true, optional: true, brief },
      ptrs: { kind: 'parsed', parse: parsePtrs, optional: true, brief },
      format: { kind: 'enum', values: FORMATS, default: 'herd', brief },
      timeout: { kind: 'parsed', parse: parseSeconds, optional: true, brief },
      maxStates: { kind: 'parsed', parse: parseCount, optional: true, brief },
      memory: { kind: 'parsed', parse: parseSize, optional: true, brief },
      compact: { kind: 'boolean', default: false, withNegated: false, brief },
      symmetry: { kind: 'boolean', default: true, brief },
      por: { kind: 'boolean', default: true, brief },
      witness: { kind: 'boolean', default: false, withNegated: false, brief },
      probability: { kind: 'parsed', parse: parseAllocators, optional: true, brief },
      ram: { kind: 'parsed', parse: parseRam, optional: true, brief },
      share: { kind: 'boolean', default: true, brief },
      coverage: { kind: 'boolean', default: false, withNegated: false, brief },
      details: { kind: 'boolean', default: false, withNegated: false, brief },
      jobs: { kind: 'parsed', parse: parseCount, optional: true, brief },
      workers: { kind: 'parsed', parse: parseCount, optional: true, brief },
    },
    positional: { kind: 'array', parameter: { parse: text, placeholder: 'FILE|DIR', brief }, minimum: 1 },
  },
});

const verifyCommand = buildCommand<VerifyFlags, string[], Context>({
  loader: async () => (await import('./verify.js')).verifyCommand,
  docs: { brief },
  parameters: {
    flags: {
      arch: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      release: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      all: { kind: 'boolean', default: false, withNegated: false, brief },
      fact: { kind: 'parsed', parse: parseFact, variadic: true, optional: true, brief },
      ptrs: { kind: 'parsed', parse: parsePtrs, optional: true, brief },
      format: { kind: 'enum', values: VERIFY_FORMATS, default: 'text', brief },
      timeout: { kind: 'parsed', parse: parseSeconds, optional: true, brief },
      maxStates: { kind: 'parsed', parse: parseCount, optional: true, brief },
      memory: { kind: 'parsed', parse: parseSize, optional: true, brief },
      compact: { kind: 'boolean', default: false, withNegated: false, brief },
      depth: { kind: 'parsed', parse: parseCount, optional: true, brief },
      processes: { kind: 'parsed', parse: parseSmall, optional: true, brief },
      pages: { kind: 'parsed', parse: parseSmall, optional: true, brief },
      files: { kind: 'parsed', parse: parseSmall, optional: true, brief },
      threads: { kind: 'parsed', parse: parseSmall, optional: true, brief },
      races: { kind: 'boolean', default: false, withNegated: false, brief },
      only: { kind: 'parsed', parse: parseOperation, variadic: ',', optional: true, brief },
      symmetry: { kind: 'boolean', default: true, brief },
      within: { kind: 'boolean', default: true, brief },
      probability: { kind: 'parsed', parse: parseAllocators, optional: true, brief },
      ram: { kind: 'parsed', parse: parseRam, optional: true, brief },
      anyUser: { kind: 'boolean', default: false, withNegated: false, brief },
      coverage: { kind: 'boolean', default: false, withNegated: false, brief },
      details: { kind: 'boolean', default: false, withNegated: false, brief },
      emit: { kind: 'parsed', parse: text, optional: true, brief },
      html: { kind: 'parsed', parse: text, optional: true, brief },
      workers: { kind: 'parsed', parse: parseCount, optional: true, brief },
    },
    positional: { kind: 'array', parameter: { parse: text, placeholder: 'FILE|DIR', brief }, minimum: 1 },
  },
});

const replayCommand = buildCommand<ReplayFlags, string[], Context>({
  loader: async () => (await import('./replay.js')).replayCommand,
  docs: { brief },
  parameters: {
    flags: {
      kernel: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      format: { kind: 'enum', values: COMPARISON_FORMATS, default: 'histogram', brief },
      runs: { kind: 'parsed', parse: parseCount, optional: true, brief },
      record: { kind: 'boolean', default: false, withNegated: false, brief },
      accel: { kind: 'enum', values: ACCELERATORS, default: 'auto', brief },
      bundle: { kind: 'parsed', parse: text, optional: true, brief },
      verbose: { kind: 'boolean', default: false, withNegated: false, brief },
    },
    positional: { kind: 'array', parameter: { parse: text, placeholder: 'FILE|DIR', brief }, minimum: 1 },
  },
});

const compareCommand = buildCommand<CompareFlags, string[], Context>({
  loader: async () => (await import('./compare.js')).compareCommand,
  docs: { brief },
  parameters: {
    flags: {
      kernel: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      format: { kind: 'enum', values: COMPARE_FORMATS, default: 'table', brief },
    },
    positional: { kind: 'array', parameter: { parse: text, placeholder: 'FILE|DIR', brief } },
  },
});

const generateCommand = buildCommand<GenerateFlags, [], Context>({
  loader: async () => (await import('./generate.js')).generateCommand,
  docs: { brief },
  parameters: {
    flags: {
      seed: { kind: 'parsed', parse: parseSeed, default: '1', brief },
      count: { kind: 'parsed', parse: parseCount, default: '20', brief },
      out: { kind: 'parsed', parse: text, optional: true, brief },
      record: { kind: 'parsed', parse: text, optional: true, brief },
    },
  },
});

const campaignCommand = buildCommand<CampaignFlags, [], Context>({
  loader: async () => (await import('./campaign.js')).campaignCommand,
  docs: { brief },
  parameters: {
    flags: {
      seed: { kind: 'parsed', parse: parseSeed, default: '1', brief },
      count: { kind: 'parsed', parse: parseCount, default: '2000', brief },
      kernel: { kind: 'parsed', parse: text, variadic: ',', optional: true, brief },
      out: { kind: 'parsed', parse: text, optional: true, brief },
      verbose: { kind: 'boolean', default: false, withNegated: false, brief },
    },
  },
});

const listCommand = buildCommand<Record<never, never>, string[], Context>({
  loader: async () => (await import('./list.js')).listCommand,
  docs: { brief },
  parameters: { positional: { kind: 'array', parameter: { parse: text, placeholder: 'WHAT', brief } } },
});

const explainCommand = buildCommand<Record<never, never>, string[], Context>({
  loader: async () => (await import('./explain.js')).explainCommand,
  docs: { brief },
  parameters: { positional: { kind: 'array', parameter: { parse: text, placeholder: 'CODE', brief } } },
});

const rulesCommand = buildCommand<RulesFlags, string[], Context>({
  loader: async () => (await import('./rules.js')).rulesCommand,
  docs: { brief },
  parameters: {
    flags: { format: { kind: 'enum', values: RULES_FORMATS, default: 'text', brief } },
    positional: { kind: 'array', parameter: { parse: text, placeholder: 'ID', brief } },
  },
});

function told(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** A mistake on the command line or in a test, or a file system that says no. */
function isUserError(error: unknown): boolean {
  return (
    error instanceof UsageError ||
    error instanceof DiagnosticError ||
    (error instanceof Error && 'syscall' in error)
  );
}

function orMeant(corrections: readonly string[]): string {
  return corrections.length > 0 ? `; did you mean '${corrections.join("' or '")}'?` : '';
}

/** What is wrong with the arguments, in the same words as our own checks use. */
function mistake(error: unknown): string {
  if (!(error instanceof ArgumentScannerError)) return told(error);
  return formatMessageForArgumentScannerError(error, {
    FlagNotFoundError: ({ input, corrections }) =>
      `unknown option '--${input}'${orMeant(corrections.map((name) => `--${name}`))}`,
    AliasNotFoundError: ({ input }) => `unknown option '-${input}'`,
    ArgumentParseError: ({ externalFlagNameOrPlaceholder: name, exception }) =>
      `--${name}: ${told(exception)}`,
    EnumValidationError: ({ externalFlagName, input, values }) =>
      `--${externalFlagName}: expected ${values.join(', ')}, found '${input}'`,
    UnsatisfiedFlagError: ({ externalFlagName }) => `--${externalFlagName}: expected a value`,
    UnexpectedFlagError: ({ externalFlagName }) => `--${externalFlagName} is given twice`,
    UnsatisfiedPositionalError: ({ placeholder }) => `expected ${placeholder}`,
  });
}

const routes = buildRouteMap<
  'run' | 'verify' | 'replay' | 'compare' | 'generate' | 'campaign' | 'list' | 'rules' | 'explain',
  Context
>({
  routes: {
    run: runCommand,
    verify: verifyCommand,
    replay: replayCommand,
    compare: compareCommand,
    generate: generateCommand,
    campaign: campaignCommand,
    list: listCommand,
    rules: rulesCommand,
    explain: explainCommand,
  },
  docs: { brief },
});

function application(command: string) {
  return buildApplication<Context>(routes, {
    name: 'pfnmap',
    determineExitCode: (error) => (isUserError(error) ? EXIT.usage : EXIT.internal),
    scanner: { caseStyle: 'allow-kebab-for-camel', allowArgumentEscapeSequence: true },
    documentation: { caseStyle: 'convert-camel-to-kebab', disableAnsiColor: true },
    localization: {
      text: {
        ...text_en,
        noCommandRegisteredForInput: ({ input, corrections }) => {
          const names = corrections.map((name) => name.replaceAll('`', ''));
          return `pfnmap: unknown command '${input}'${orMeant(names)}\nTry 'pfnmap --help'.`;
        },
        exceptionWhileParsingArguments: (error) =>
          `pfnmap: ${mistake(error)}\nTry 'pfnmap ${command} --help'.`,
        exceptionWhileRunningCommand: (error) => `pfnmap: ${told(error)}`,
        exceptionWhileLoadingCommandFunction: (error) => `pfnmap: ${told(error)}`,
      },
    },
  });
}

/** What a thread of `run` does; see pool.ts. */
export async function serveThread(): Promise<void> {
  await (await import('./serve.js')).serve();
}

/** Parses the arguments, runs the command and gives the exit status; what is wrong has been told on stderr. */
export async function runApplication(args: readonly string[], context: Context): Promise<ExitStatus> {
  await run(application(args[0] ?? ''), withBareOptions(args), context);
  switch (context.process.exitCode) {
    case ExitCode.Success:
      return context.status;
    case ExitCode.UnknownCommand:
    case ExitCode.InvalidArgument:
    case EXIT.usage:
      return EXIT.usage;
    default:
      return EXIT.internal;
  }
}
