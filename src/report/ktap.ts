import type { RunResult } from '../run/result.js';
import type { Report } from './report.js';
import { verdictOf, expectation, sharing } from './verdict.js';
import { formatModel } from './model.js';
import { formatWitness } from './witness.js';

const VERSION = 'KTAP version 1\n';

/** A description may not hold `#`, which would begin a directive. */
function description(text: string): string {
  return text.replaceAll('#', '_').replaceAll(/\s+/g, ' ');
}

function comment(text: string): string[] {
  return text.split('\n').flatMap((line) => (line === '' ? [] : [`# ${line}`]));
}

/** Diagnostic lines, which in KTAP come before the result that they explain. */
function diagnostics(result: RunResult, details: boolean): string[] {
  const verdict = verdictOf(result);
  const lines: string[] = [];
  if (verdict === 'differs' || verdict === 'unknown') {
    lines.push(`# ${result.observation} ${result.positive} ${result.negative}${expectation(result)}`);
    lines.push(`# ${result.condition}`);
    if (result.undefined.length > 0) lines.push(`# undefined: ${result.undefined.join(', ')}`);
    lines.push(...result.outcomes.map((outcome) => `# ${outcome.positive ? '*>' : ':>'} ${outcome.text}`));
  }
  if (result.sharedWith !== undefined) lines.push(`# ${sharing(result.sharedWith)}`);
  const model = formatModel(result.model, details).trimEnd().split('\n');
  return [...lines, ...comment(formatWitness(result)), ...model.filter((line) => line !== '')];
}

function resultLine(result: RunResult, number: number): string {
  const name = description(`${result.arch}+${result.release}`);
  const reason = description(result.reason ?? '');
  switch (verdictOf(result)) {
    case 'as expected':
      return `ok ${number} ${name}`;
    case 'differs':
      return `not ok ${number} ${name}`;
    case 'n/a':
      return `ok ${number} ${name} # SKIP ${reason}`.trimEnd();
    case 'unknown':
      return `not ok ${number} ${name} # ERROR ${reason}`.trimEnd();
  }
}

interface Counts {
  pass: number;
  fail: number;
  skip: number;
  error: number;
}

/** The line of a file: as bad as its worst configuration, a skip if it ran nowhere. */
function fileLine(file: string, number: number, inner: Counts): string {
  const name = description(file);
  if (inner.fail > 0) return `not ok ${number} ${name}`;
  if (inner.error > 0) return `not ok ${number} ${name} # ERROR`;
  return inner.pass > 0 ? `ok ${number} ${name}` : `ok ${number} ${name} # SKIP`;
}

const COUNTED = { 'as expected': 'pass', differs: 'fail', 'n/a': 'skip', unknown: 'error' } as const;

/**
 * KTAP version 1 (Documentation/dev-tools/ktap.rst), one subtest a file with one result a configuration. The
 * totals at the end have kselftest's form and count configurations, and each unreadable file as one error.
 */
export function ktapReport(details = false): Report {
  const totals: Counts = { pass: 0, fail: 0, skip: 0, error: 0 };
  let inner: Counts = { ...totals };
  let files = 0;
  let runs = 0;
  let file = '';
  return {
    begin: (count) => `${VERSION}1..${count}\n`,
    fileBegin(name, count) {
      file = name;
      runs = 0;
      inner = { pass: 0, fail: 0, skip: 0, error: 0 };
      return `  ${VERSION}  # Subtest: ${description(name)}\n  1..${count}\n`;
    },
    result(result) {
      const counted = COUNTED[verdictOf(result)];
      inner[counted]++;
      totals[counted]++;
      return [...diagnostics(result, details), resultLine(result, ++runs)]
        .map((line) => `  ${line}\n`)
        .join('');
    },
    runError(arch, release, reason) {
      inner.error++;
      totals.error++;
      return `  not ok ${++runs} ${description(`${arch}+${release}`)} # ERROR ${description(reason)}\n`;
    },
    fileEnd: () => `${fileLine(file, ++files, inner)}\n`,
    fileError(name, reason) {
      totals.error++;
      return `not ok ${++files} ${description(name)} # ERROR ${description(reason)}\n`;
    },
    end: () =>
      `# Totals: pass:${totals.pass} fail:${totals.fail} xfail:0 xpass:0 skip:${totals.skip} error:${totals.error}\n`,
  };
}
