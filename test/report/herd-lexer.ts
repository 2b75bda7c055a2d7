/**
 * A reader of herd7's output, written from its published grammar (`tools/lexLog_tools.mll` of herdtools7) and not from
 * our writer: what it accepts, mcompare7 and its kin can read. Stricter than the original where that skips lines.
 */

export interface HerdState {
  readonly registers: ReadonlyMap<string, string>;
  readonly comment?: string;
}

export interface HerdBlock {
  readonly name: string;
  readonly kind: string;
  readonly states: readonly HerdState[];
  readonly validation: string;
  readonly witnesses: readonly [positive: number, negative: number];
  readonly condition: string;
  readonly observation: { readonly word: string; readonly positive: number; readonly negative: number };
  readonly seconds: number;
  readonly hash: string;
}

const NAME = String.raw`[A-Za-z][A-Za-z0-9_.]*`;
const TEST_NAME = String.raw`[A-Za-z0-9_/.\-+\[\]]+`;
const REGISTER = new RegExp(
  String.raw`^[ \t]*(\d+:${NAME}|${NAME})[ \t]*=[ \t]*(-?(?:0x[\da-fA-F]+|\d+)|${NAME})[ \t]*;`,
);
const STATE_END = /^[ \t]*(#.*)?$/;

/** `0:r=1; 0:p=-22; # -EINVAL` */
export function lexState(line: string): HerdState {
  const registers = new Map<string, string>();
  let rest = line;
  for (let match = REGISTER.exec(rest); match !== null; match = REGISTER.exec(rest)) {
    const [all, register, value] = match as unknown as [string, string, string];
    if (registers.has(register)) throw new Error(`register twice: ${line}`);
    registers.set(register, value);
    rest = rest.slice(all.length);
  }
  const end = STATE_END.exec(rest);
  if (end === null) throw new Error(`not a state line: ${JSON.stringify(line)} at ${JSON.stringify(rest)}`);
  return end[1] === undefined ? { registers } : { registers, comment: end[1] };
}

class Lines {
  #next = 0;
  readonly #lines: readonly string[];

  constructor(text: string) {
    if (text !== '' && !text.endsWith('\n')) throw new Error('the last line has no end');
    this.#lines = text.split('\n').slice(0, -1);
  }

  get done(): boolean {
    return this.#next === this.#lines.length;
  }

  get peek(): string {
    return this.#lines[this.#next] ?? '';
  }

  /** The next line must match; gives its groups. */
  take(pattern: RegExp): string[] {
    const match = this.done ? null : pattern.exec(this.peek);
    if (match === null)
      throw new Error(`line ${this.#next + 1}: expected ${pattern}, found ${JSON.stringify(this.peek)}`);
    this.#next++;
    return match.slice(1);
  }
}

const VALIDATION = /^(?:Loop )?(Undef|Ok|No|\?\?)$/;

function lexBlock(lines: Lines): HerdBlock {
  const [name, kind] = lines.take(new RegExp(`^Test (${TEST_NAME}) (Allowed|Forbidden|Required)$`)) as [
    string,
    string,
  ];
  const announced = Number(lines.take(/^States (\d+)$/)[0]);
  const texts: string[] = [];
  while (!VALIDATION.test(lines.peek)) texts.push(lines.take(/^(.*)$/)[0]!);
  if (texts.length !== announced)
    throw new Error(`${name}: ${announced} states announced, ${texts.length} printed`);
  if (texts.some((text, i) => i > 0 && texts[i - 1]! > text))
    throw new Error(`${name}: states are not sorted`);
  if (new Set(texts).size !== texts.length) throw new Error(`${name}: a state is printed twice`);
  const validation = lines.take(VALIDATION)[0]!;
  lines.take(/^Witnesses$/);
  const [positive, negative] = lines.take(/^Positive: (\d+) Negative: (\d+)$/).map(Number) as [
    number,
    number,
  ];
  const condition = lines.take(/^Condition (\S.*)$/)[0]!;
  const escaped = name.replaceAll(/[+.[\]]/g, String.raw`\$&`);
  const [word, p, n] = lines.take(
    new RegExp(`^Observation ${escaped} (Never|Sometimes|Always|Undef|Unknown) (\\d+) (\\d+)$`),
  ) as [string, string, string];
  const seconds = Number(lines.take(new RegExp(String.raw`^Time ${escaped} (\d+\.\d\d)$`))[0]);
  const hash = lines.take(/^Hash=(\S+)$/)[0]!;
  // The original skips what stands between blocks.
  if (lines.peek.startsWith('#')) lines.take(/^# .*$/);
  lines.take(/^$/);
  const observation = { word, positive: Number(p), negative: Number(n) };
  const states = texts.map(lexState);
  return {
    name,
    kind,
    states,
    validation,
    witnesses: [positive, negative],
    condition,
    observation,
    seconds,
    hash,
  };
}

/** @throws {Error} at the first line that is not as the grammar says. */
export function lexHerd(text: string): HerdBlock[] {
  const lines = new Lines(text);
  const blocks: HerdBlock[] = [];
  while (!lines.done) blocks.push(lexBlock(lines));
  return blocks;
}
