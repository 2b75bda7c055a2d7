/** What a driver's author says about it in the header's comment, for `pfnmap verify` alone. */
import { driverConstants } from '../litmus/driver-constants.js';
import type { LitmusTest } from '../litmus/ast.js';
import { DiagnosticError } from '../c/diagnostics.js';
import type { Compiled } from '../run/boot.js';

export interface Declarations {
  /** `Revoke: CMD, ...`: ioctl commands after which, if they give 0, no raw entry of the device is left. */
  readonly revokes: ReadonlySet<number>;
  /** `Readonly: NAME, ...`: regions and resources that are given for reading only. */
  readonly readonly: ReadonlySet<string>;
  /** `Serves: [shared|private] N pages at OFFSET [when idle], ...`: mappings to read that mmap() always gives. */
  readonly serves: readonly Served[];
  /** `Serves: whole`: what mmap() gives, it gives to the last page. */
  readonly whole: boolean;
}

/** A mapping that a driver has promised. */
export interface Served {
  /** Absent: both. */
  readonly type?: 'shared' | 'private';
  readonly pages: number;
  /** Offset, in pages. */
  readonly pgoff: bigint;
  /** Only while nobody has mapped anything of the device. */
  readonly idle: boolean;
}

/** @throws DiagnosticError for a name that stands for nothing */
export function declarations(test: LitmusTest, c: Compiled): Declarations {
  const constants = driverConstants(test.driver);
  const regions = new Set([...c.mem.regions, ...test.memory.resources].map(({ name }) => name));
  const revokes = named(test, 'Revoke').map(({ name, start }) => {
    const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(name) ? BigInt(name) : constants.get(name);
    if (value === undefined) {
      const expected = 'an ioctl command: a number, or a constant of the driver';
      throw wrong(test, 'PFN4020', `\`${name}\` is no constant of the driver`, { name, start }, expected);
    }
    return Number(BigInt.asUintN(32, value));
  });
  const readonly = named(test, 'Readonly').map(({ name, start }) => {
    if (!regions.has(name))
      throw wrong(test, 'PFN4020', `there is no region \`${name}\``, { name, start }, 'a region or resource');
    return name;
  });
  return { revokes: new Set(revokes), readonly: new Set(readonly), ...serves(test, c) };
}

const SERVED = /^(?:(shared|private) )?(\d+) pages? at (\w+)(?: \+ (\d+))?( when idle)?$/;
const WHOLE = 'whole';

function serves(test: LitmusTest, c: Compiled): Pick<Declarations, 'serves' | 'whole'> {
  const all = headerLines(test, 'Serves').flatMap(({ text, start }) => items(text, start));
  const served = all
    .filter(({ name }) => name !== WHOLE)
    .map((item) => {
      const [, type, pages, base, more, idle] = SERVED.exec(item.name) ?? [];
      const region = c.mem.regions.find(({ name }) => name === base);
      const first =
        region !== undefined ? BigInt(region.pfn) : /^\d+$/.test(base ?? '') ? BigInt(base!) : undefined;
      if (first === undefined) {
        const expected =
          '`whole`, or `1 page at 0`, `private 2 pages at buf when idle`: a type or none, a length, a number or region';
        throw wrong(test, 'PFN4020', `\`${item.name}\` is no mapping`, item, expected);
      }
      return {
        ...(type === undefined ? {} : { type: type as 'shared' | 'private' }),
        pages: Number(pages),
        pgoff: first + BigInt(more ?? 0),
        idle: idle !== undefined,
      };
    });
  return { serves: served, whole: served.length < all.length };
}

export interface Named {
  readonly name: string;
  readonly start: number;
}

/** A line of the header for `pfnmap verify`. */
export interface HeaderLine {
  /** What stands in parentheses behind the keyword, and where. */
  readonly selector: Named | undefined;
  readonly text: string;
  readonly start: number;
}

/** The lines of the header that begin with `KEY:` or `KEY(SEL):`. */
export function headerLines(test: LitmusTest, key: string): HeaderLine[] {
  const { text } = test.source;
  const header = text.slice(0, test.memory.span.start);
  const lines = header.matchAll(
    new RegExp(`^(([ \\t(*]*${key})(?:\\(([^)\n]*)\\))?:[ \\t]*)(.*?)[ \\t]*(?:\\*\\).*)?$`, 'gm'),
  );
  return [...lines].map((line) => ({
    selector: line[3] === undefined ? undefined : { name: line[3], start: line.index + line[2]!.length + 1 },
    text: line[4]!,
    start: line.index + line[1]!.length,
  }));
}

/** What stands between the commas of a text. */
export function items(text: string, start: number): Named[] {
  return [...text.matchAll(/[^,]+/g)].map((item) => {
    const name = item[0].trim();
    return { name, start: start + item.index + item[0].indexOf(name) };
  });
}

/** The names behind `KEY:` in the lines of the header. */
function named(test: LitmusTest, key: string): Named[] {
  return headerLines(test, key).flatMap(({ text, start }) =>
    [...text.matchAll(/\w+/g)].map((word) => ({ name: word[0], start: start + word.index })),
  );
}

export function wrong(
  test: LitmusTest,
  code: `PFN${string}`,
  message: string,
  { name, start }: Named,
  expected: string,
): DiagnosticError {
  const span = { start, end: start + name.length };
  return new DiagnosticError(test.source, [{ code, severity: 'error', message, span, expected }]);
}
