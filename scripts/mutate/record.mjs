// What docs/mutation.md says of runs: the parts between markers are written here, the rest by hand.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { arch, cpus, platform } from 'node:os';
import { basename, join } from 'node:path';
import { mutantId } from './operators.mjs';
import { ROOT } from './sources.mjs';

export const DOCUMENT = 'docs/mutation.md';
/** By a mutant's id, why it is no loss that no test notices it. */
export const SURVIVORS = 'test/mutation/survivors.json';

export const OUTCOMES = ['verdict', 'crash', 'bound', 'survived'];

/** Writes the part called `name`. */
export function record(name, text) {
  const path = join(ROOT, DOCUMENT);
  const [begin, end] = [`<!-- ${name} -->`, `<!-- /${name} -->`];
  const before = readFileSync(path, 'utf8');
  const [from, to] = [before.indexOf(begin), before.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`${DOCUMENT} has no part ${begin}`);
  writeFileSync(path, `${before.slice(0, from + begin.length)}\n\n${text.trim()}\n\n${before.slice(to)}`);
}

/** One line a test: what was broken, and what the test then gave. */
export function evidenceText(killers) {
  const lines = [...killers]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([file, k]) => {
      const name = basename(file, '.litmus');
      const place = `${k.file.replace('src/', '')}, ${code(k.in)}`;
      const change = `${code(k.from)} → ${code(k.to)}`;
      return `- [${name}](../${file}): ${place}: ${change}; ${k.observed} instead of ${k.expected} on ${k.on}`;
    });
  return `${killers.size} tests.\n\n${lines.join('\n')}`;
}

/** Rates by folder or file and by operator, then the mutants that no test noticed, with reasons. */
export function sampleText(results, command, by = 'folder') {
  const survivors = results.filter((r) => r.outcome === 'survived');
  return [
    `\`${command}\` on ${machine()}: ${results.length} mutants, ${rate(results)} killed; of the ${survivors.length} others ${explained(survivors)} have a reason below.`,
    table(by, results, ({ mutant: { file } }) => (by === 'file' ? file : folder(file))),
    table('operator', results, (r) => r.mutant.op),
    'Survivors, with the reason where it is no loss; the others are holes that no test looks into yet:',
    survivors.map(survivorLine).sort().join('\n'),
  ].join('\n\n');
}

function explained(survivors) {
  const reasons = readReasons();
  return survivors.filter(({ mutant }) => reasons.has(mutantId(mutant))).length;
}

/** What it was run on. */
function machine() {
  const [cpu] = cpus();
  return `${platform()} ${arch()}, Node ${process.versions.node}, ${cpus().length} × ${cpu?.model.trim() ?? 'an unknown CPU'}`;
}

function survivorLine({ mutant }) {
  const { file, in: where, from, to } = mutant;
  const reason = readReasons().get(mutantId(mutant));
  return `- ${file.replace('src/', '')}, ${code(where)}: ${code(from)} → ${code(to)}${reason === undefined ? '' : ` (${reason})`}`;
}

/** By a mutant's id, why no test can notice it or need not. */
export function readReasons() {
  const path = join(ROOT, SURVIVORS);
  return new Map(existsSync(path) ? Object.entries(JSON.parse(readFileSync(path, 'utf8'))) : []);
}

/** `src/kernel/mm/memory/zap.ts` counts as kernel/mm. */
function folder(file) {
  return file.split('/').slice(1, 3).join('/');
}

function table(title, results, key) {
  const groups = new Map();
  for (const result of results) groups.set(key(result), [...(groups.get(key(result)) ?? []), result]);
  const rows = [...groups].sort(([a], [b]) => (a < b ? -1 : 1)).concat([['all', results]]);
  const count = (group, outcome) => group.filter((r) => r.outcome === outcome).length;
  return [
    `| ${[title, 'mutants', ...OUTCOMES, 'killed'].join(' | ')} |`,
    `| --- |${' ---: |'.repeat(OUTCOMES.length + 2)}`,
    ...rows.map(([name, group]) => {
      const cells = [name, group.length, ...OUTCOMES.map((o) => count(group, o)), rate(group)];
      return `| ${cells.join(' | ')} |`;
    }),
  ].join('\n');
}

/** Share of the mutants that something noticed. */
export function rate(results) {
  const killed = results.filter((r) => r.outcome !== 'survived').length;
  return results.length === 0 ? '-' : `${((100 * killed) / results.length).toFixed(1)} %`;
}

/** Code in a line of Markdown, shortened. */
function code(text) {
  const short = text.length > 90 ? `${text.slice(0, 87)}...` : text;
  return short.includes('`') ? `\`\` ${short} \`\`` : `\`${short}\``;
}
