/** Integer constants: value and type (C11 6.4.4.1). */
import type { Span } from '../diagnostics.js';
import type { TypedExpr } from '../typed.js';
import * as T from '../types.js';
import { constant } from './fold.js';
import type { Reporter } from './reporter.js';

const NUMBER = /^(0[xX][0-9a-fA-F]+|0[bB][01]+|[0-9]+)([uUlL]*)$/;
const SUFFIX = /^(?:u?(?:l|ll)?|(?:l|ll)u)$/;

export function integerLiteral(text: string, span: Span, model: T.DataModel, reporter: Reporter): TypedExpr {
  const found = NUMBER.exec(text);
  const suffix = (found?.[2] ?? '').toLowerCase();
  if (!found || !SUFFIX.test(suffix) || /lL|Ll/.test(found[2]!) || /^0[0-9]*[89]/.test(found[1]!)) {
    return reporter.fail('PFN1027', `\`${text}\` is not an integer`, span, {
      expected: 'decimal, 0x..., 0b... or octal digits, then u, l, ll',
    });
  }
  const digits = found[1]!;
  const value = /^0[0-9]/.test(digits) ? BigInt(`0o${digits.slice(1)}`) : BigInt(digits);
  const decimal = /^[1-9]|^0$/.test(digits);
  const unsigned = suffix.includes('u');
  const longs = suffix.replace('u', '').length;
  const [long, ulong] = [T.longType(model), T.ulongType(model)];
  const signedTypes = [T.INT, long, T.LLONG].slice(longs);
  const unsignedTypes = [T.UINT, ulong, T.ULLONG].slice(longs);
  const candidates = unsigned
    ? unsignedTypes
    : decimal
      ? signedTypes
      : signedTypes.flatMap((t, i) => [t, unsignedTypes[i]!]);
  const type = candidates.find((t) => T.wrap(value, t) === value);
  if (!type)
    return reporter.fail('PFN1027', `\`${text}\` does not fit in any integer type`, span, {
      expected: 'at most 64 bits; a suffix `u` for values from 2^63',
    });
  return constant(value, type, span);
}
