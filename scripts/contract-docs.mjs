// Writes docs/contract from the contract (src/contract), the tests that name its ids, and what was recorded on real kernels.
//
//   node scripts/contract-docs.mjs   rewrite the pages, and src/contract/measured.ts
import { spawnSync } from 'node:child_process';
import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { buildCli, isFresh } from './build.mjs';

const ROOT = fileURLToPath(new URL('..', import.meta.url));
export const FOLDER = 'docs/contract';
export const MEASURED = 'src/contract/measured.ts';

/** Pages of the tables, by the first letters of their sections. */
const TABLES = [
  { page: 'A.md', title: 'A: which entries are special', sections: /^A\./ },
  { page: 'B.md', title: 'B: how special mappings are made', sections: /^B\./ },
  { page: 'C.md', title: 'C: the life of a mapping', sections: /^C\./ },
  { page: 'D.md', title: 'D: who looks at it', sections: /^D\./ },
  { page: 'claims.md', title: 'F.V: claims that do not always hold', sections: /^F\.V$/ },
  { page: 'anomalies.md', title: 'H: anomalies of the kernel itself', sections: /^H$/ },
];

const KINDS = {
  creation: 'What drivers owe',
  core: 'What mm owes',
  architecture: 'What architectures owe',
  frames: 'What frame numbers do not promise',
};

const ROLES = { shows: 'Shown by', obeys: 'Kept in', breaks: 'Broken in' };
const NOTE = '<!-- Written by `npm run docs:contract`. -->';

/**
 * All pages.
 * @param lines the objects that `pfnmap rules --format json` prints
 * @returns texts by file name
 */
export function pages(lines) {
  const rules = lines.filter((line) => line.section === 'F');
  return new Map([
    ['README.md', index(lines, rules)],
    ...rules.map((rule) => [`${rule.id}.md`, rulePage(rule)]),
    ['untested.md', untestedPage(lines)],
    ...TABLES.map((table) => [table.page, tablePage(table, lines)]),
  ]);
}

/** The text without what changes with every recording. */
export function withoutMeasurements(text) {
  return text.replace(/^ *- (measured on|not measured)\b.*\n/gm, '');
}

function index(lines, rules) {
  const tables = TABLES.map(({ page, title, sections }) => {
    const own = lines.filter((line) => sections.test(line.section));
    const shown = own.filter((line) => line.cases.length > 0).length;
    return `- [${title}](${page}): ${own.length} statements, ${shown} of them shown by tests`;
  });
  const kinds = Object.entries(KINDS).flatMap(([kind, title]) => [
    '',
    `## ${title}`,
    '',
    '| rule | says | enforced (6.1, 6.12, 7.2) |',
    '| --- | --- | --- |',
    ...rules
      .filter((rule) => rule.kind === kind)
      .map((rule) => `| [${rule.id}](${rule.id}.md) | ${cell(rule.statement)} | ${enforcement(rule)} |`),
  ]);
  return text([
    '# The contract',
    '',
    NOTE,
    '',
    'What mm and its drivers owe each other about special (raw-PFN) mappings: rules, each with a page; the statements of what the',
    'kernel does that they rest on; claims in comments and folklore that do not always hold; and what looks wrong in the kernel',
    'itself. Every statement has an id, and litmus tests name the ids that they show, keep or break (`Shows:`, `Obeys:` and',
    '`Breaks:` in their headers). `pfnmap rules ID` prints one with its tests.',
    '',
    'All statements come from reading the sources of 6.1, 6.12 and 7.2. "measured on" names the real kernels that ran a test as it',
    'is now and gave what the test expects of them; where it says "not measured", the expected answer comes from the source only.',
    '',
    ...tables,
    `- [What no test shows, and why](untested.md): ${lines.filter((line) => line.untested).length} statements`,
    ...kinds,
  ]);
}

/** What no test shows, by the reason. */
function untestedPage(lines) {
  const reasons = new Map();
  for (const line of lines.filter(({ untested: why }) => why !== undefined)) {
    const { reason } = line.untested;
    reasons.set(reason, [...(reasons.get(reason) ?? []), line]);
  }
  const link = ({ id, section }) =>
    section === 'F' ? `${id}.md` : `${TABLES.find((table) => table.sections.test(section)).page}`;
  return text([
    '# What no test shows',
    '',
    NOTE,
    ...[...reasons].flatMap(([reason, own]) => [
      '',
      `## ${reason}`,
      '',
      ...own.map((line) => `- [${line.id}](${link(line)}): it ${line.untested.text}`),
    ]),
    '',
    '[All rules](README.md)',
  ]);
}

function rulePage(rule) {
  return text([
    `# ${rule.id}`,
    '',
    NOTE,
    '',
    rule.statement,
    '',
    `- **Owed by:** ${rule.owes.join(', ')}`,
    ...(rule.on === undefined ? [] : [`- **Holds on:** \`${rule.on}\``]),
    `- **If broken:** ${rule.breaks}`,
    `- **Enforced:** ${enforcement(rule)}. ${rule.enforced}`,
    `- **Source:** \`${rule.source}\``,
    ...caseLines(rule, '## '),
    ...['obeying', 'breaking'].flatMap((which) =>
      rule.without[which] === undefined
        ? []
        : ['', `No test ${which === 'obeying' ? 'keeps' : 'breaks'} it: ${rule.without[which]}.`],
    ),
    ...untested(rule),
    '',
    '[All rules](README.md)',
  ]);
}

function tablePage({ title, sections: pattern }, lines) {
  const titles = new Map(lines.map((line) => [line.section, line.title]));
  const own = [...titles].filter(([id]) => pattern.test(id));
  return text([
    `# ${title}`,
    '',
    NOTE,
    ...own.flatMap(([id, name]) => [
      '',
      ...(own.length === 1 ? [] : [`## ${id} ${name}`, '']),
      ...lines.filter((line) => line.section === id).flatMap(rowLines),
    ]),
    '',
    '[All rules](README.md)',
  ]);
}

function rowLines(line) {
  return [
    `### ${line.id}`,
    '',
    line.statement,
    '',
    ...(line.on === undefined ? [] : [`- Holds on \`${line.on}\``]),
    `- Source: \`${line.source}\``,
    ...line.cases.flatMap((one) => oneCase(one, `${ROLES[one.role]} `)),
    ...untested(line)
      .filter((text) => text !== '')
      .map((text) => `- ${text}`),
    '',
  ];
}

function untested({ untested: why }) {
  if (why === undefined) return [];
  return ['', `No test: it ${why.text}.`];
}

/** The tests of a rule, those that keep it first. */
function caseLines(rule, heading) {
  return Object.entries({ obeys: ROLES.obeys, breaks: ROLES.breaks, shows: ROLES.shows }).flatMap(
    ([role, title]) => {
      const own = rule.cases.filter((one) => one.role === role);
      if (own.length === 0) return [];
      return ['', `${heading}${title}`, '', ...own.flatMap((one) => oneCase(one, ''))];
    },
  );
}

function oneCase({ test, file, expected, only, measured }, before) {
  const words = expected.map(({ on, verdict }) => (on === undefined ? verdict : `${verdict} on \`${on}\``));
  const where = only === undefined ? '' : ` (only \`${only}\`)`;
  return [
    `- ${before}[${test}](../../${file}): ${words.join(', ')}${where}`,
    measured.length > 0 ? `  - measured on ${measured.join(', ')}` : '  - not measured',
  ];
}

/** `BUG`, or `nothing, WARN, nothing` for releases that differ. */
function enforcement({ enforcement: by }) {
  const words = Object.values(by).map((list) => list.join(' or '));
  return new Set(words).size === 1 ? words[0] : words.join(', ');
}

/** A bar would end the cell of a table. */
function cell(words) {
  return words.replaceAll('|', '\\|');
}

function text(lines) {
  return `${lines.join('\n').replace(/\n{3,}/g, '\n\n')}\n`;
}

/** The source of the list of ids that a real kernel has shown. */
export function measuredSource(lines) {
  const rows = [''];
  for (const { id } of lines.filter((line) => line.cases.some((one) => one.measured.length > 0))) {
    const last = rows.at(-1);
    if (last.length + id.length > 100) rows.push(id);
    else rows[rows.length - 1] = last === '' ? id : `${last} ${id}`;
  }
  return [
    '/** Ids that tests show which real kernels ran and agreed with. Written by `npm run docs:contract`. */',
    'export const MEASURED: ReadonlySet<string> = new Set(',
    '  `',
    ...rows,
    '`.match(/\\S+/g),',
    ');',
    '',
  ].join('\n');
}

async function main() {
  if (!isFresh('cli')) await buildCli();
  const command = ['bin/pfnmap.js', 'rules', '--format', 'json'];
  const options = { cwd: ROOT, encoding: 'utf8', maxBuffer: 1 << 28 };
  const { stdout, stderr, status } = spawnSync(process.execPath, command, options);
  if (status !== 0) throw new Error(`pfnmap rules ended with ${status}\n${stderr}`);
  const lines = stdout
    .trimEnd()
    .split('\n')
    .map((line) => JSON.parse(line));
  mkdirSync(ROOT + FOLDER, { recursive: true });
  for (const name of readdirSync(ROOT + FOLDER)) rmSync(`${ROOT}${FOLDER}/${name}`);
  for (const [name, page] of pages(lines)) writeFileSync(`${ROOT}${FOLDER}/${name}`, page);
  writeFileSync(ROOT + MEASURED, measuredSource(lines));
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
