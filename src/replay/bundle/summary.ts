/** `summary.txt`: what a bundle shows, short enough for a mail. */
import type { LitmusTest } from '../../litmus/ast.js';
import type { RunResult } from '../../run/result.js';
import type { Comparison } from '../compare/verdict.js';
import { plainOutcome } from '../translate/question.js';

const WIDTH = 72;
const LINES = 20;
/** Where the text behind a heading begins. */
const INDENT = 10;

export interface Summary {
  readonly test: LitmusTest;
  readonly model: RunResult;
  /** The kernel in words: `7.2.13+deb14-armmp (armmp-7.2; linux-binary-... 7.2.13-1)`. */
  readonly kernel: string;
  /** What a machine gave for this very test, if that is recorded. */
  readonly recorded: Comparison | undefined;
}

/** The first sentence of a header, without the ids of the catalogue. */
export function firstSentence(comment: string): string {
  const text = comment
    .replace(/\s+/g, ' ')
    .replace(/ \([A-Z][-.]?[\w.-]*\d\w*(?:[,;] [A-Z][-.]?[\w.-]*\d\w*)*\)/g, '')
    .trim();
  return /^.*?[^.]\.(?= |$)/.exec(text)?.[0] ?? text;
}

/** A heading and its text, folded. */
function paragraph(heading: string, text: string, most = LINES): string[] {
  const lines = fold(text, WIDTH - INDENT);
  const kept =
    lines.length > most ? [...lines.slice(0, most - 1), `${lines[most - 1]!.slice(0, -3)}...`] : lines;
  return kept.map((line, i) => `${(i === 0 ? heading : '').padEnd(INDENT)}${line}`.trimEnd());
}

/** Folds at blanks; a word that is longer than a line is cut. */
function fold(text: string, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/\s+/).flatMap((w) => w.match(new RegExp(`.{1,${width}}`, 'g')) ?? [])) {
    if (line !== '' && line.length + 1 + word.length > width) {
      lines.push(line);
      line = word;
    } else line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line];
}

function modelText({ observation, positive, states }: RunResult): string {
  const outcomes = states === 1 ? 'one outcome' : `${states} outcomes`;
  return `${observation}: ${outcomes}, the condition holds in ${positive}`;
}

function machineText(recorded: Comparison | undefined): string {
  if (recorded === undefined) return 'not recorded for this kernel';
  if (recorded.status === 'not run') return `not run: ${recorded.reason ?? ''}`;
  const seen = recorded.outcomes.filter((o) => o.machine > 0);
  const held = seen.filter((o) => o.positive).length;
  const verdict = { agreed: 'agrees', explained: 'differs, explained', differs: 'DIFFERS' }[recorded.status];
  const model = recorded.outcomes.filter((o) => o.model).length;
  const shown = seen.filter((o) => o.model).length;
  return `${verdict} (${recorded.version}): ${shown} of ${model} outcomes in ${recorded.runs} runs, the condition holds in ${held}`;
}

/** At most 20 lines of at most 72 columns. */
export function summaryText({ test, model, kernel, recorded }: Summary): string {
  const head = [
    ...paragraph('Test:', test.name, 1),
    ...paragraph('Asked:', model.condition, 3),
    ...paragraph('Driver:', firstSentence(test.comment) || 'see module/driver.c', 3),
    ...paragraph('Kernel:', kernel, 2),
    ...paragraph('Model:', modelText(model), 1),
  ];
  const tail = [
    ...paragraph('Machine:', machineText(recorded), 2),
    ...paragraph('Run:', './run.sh KERNEL HEADERS   (see README; about a minute)', 1),
    ...paragraph('', 'exits 0 if the kernel shows what expected.ktap says'),
  ];
  return [...head, ...outcomeLines(model, LINES - head.length - tail.length), ...tail, ''].join('\n');
}

/** The outcomes, as many as fit, those in which the condition holds first. */
function outcomeLines(model: RunResult, most: number): string[] {
  const sorted = model.outcomes.toSorted((a, b) => Number(b.positive) - Number(a.positive));
  const all = sorted.map((o) => {
    const line = `${o.positive ? '*' : '-'} ${plainOutcome(o.text)}`;
    return `${' '.repeat(INDENT)}${line.length > WIDTH - INDENT ? `${line.slice(0, WIDTH - INDENT - 3)}...` : line}`;
  });
  if (all.length <= most) return all;
  return [
    ...all.slice(0, Math.max(0, most - 1)),
    `${' '.repeat(INDENT)}and ${all.length - most + 1} more, see expected.ktap`,
  ];
}
