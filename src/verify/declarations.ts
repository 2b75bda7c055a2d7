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
}

/** @throws DiagnosticError for a name that stands for nothing */
export function declarations(test: LitmusTest, c: Compiled): Declarations {
  const constants = driverConstants(test.driver);
  const regions = new Set([...c.mem.regions, ...test.memory.resources].map(({ name }) => name));
  const revokes = named(test, 'Revoke').map(({ name, start }) => {
    const value = /^(0x[0-9a-f]+|[0-9]+)$/i.test(name) ? BigInt(name) : constants.get(name);
    if (value === undefined) {
      const expected = 'an ioctl command: a number, or a constant of the driver';
      throw wrong(test, 'PFN2057', `\`${name}\` is no constant of the driver`, { name, start }, expected);
    }
    return Number(BigInt.asUintN(32, value));
  });
  const readonly = named(test, 'Readonly').map(({ name, start }) => {
    if (!regions.has(name))
      throw wrong(test, 'PFN2019', `there is no region \`${name}\``, { name, start }, 'a region or resource');
    return name;
  });
  return { revokes: new Set(revokes), readonly: new Set(readonly) };
}

interface Named {
  readonly name: string;
  readonly start: number;
}

/** The names behind `KEY:` in the lines of the header. */
function named(test: LitmusTest, key: string): Named[] {
  const { text } = test.source;
  const header = text.slice(0, test.memory.span.start);
  const lines = header.matchAll(new RegExp(`^[ \\t(*]*${key}:[ \\t]*(.*)$`, 'gm'));
  return [...lines].flatMap((line) => {
    const from = line.index + line[0].length - line[1]!.length;
    return [...line[1]!.matchAll(/\w+/g)].map((word) => ({ name: word[0], start: from + word.index }));
  });
}

function wrong(
  test: LitmusTest,
  code: `PFN${string}`,
  message: string,
  { name, start }: Named,
  expected: string,
): DiagnosticError {
  const span = { start, end: start + name.length };
  return new DiagnosticError(test.source, [{ code, severity: 'error', message, span, expected }]);
}
