/** Random C expressions over variables of every integer type. */
import fc from 'fast-check';

/** Each with a value that C represents in the type on every architecture. */
export const VARIABLES = [
  { name: 'sc', type: 'signed char', value: '-7' },
  { name: 'uc', type: 'unsigned char', value: '200' },
  { name: 'ss', type: 'short', value: '-30000' },
  { name: 'us', type: 'unsigned short', value: '60000' },
  { name: 'si', type: 'int', value: '-2000000000' },
  { name: 'ui', type: 'unsigned int', value: '4000000000u' },
  { name: 'sl', type: 'long', value: '-77777' },
  { name: 'ul', type: 'unsigned long', value: '4294967295u' },
  { name: 'sll', type: 'long long', value: '-0x123456789abcdell' },
  { name: 'ull', type: 'unsigned long long', value: '0xfedcba9876543210ull' },
  { name: 'zz', type: 'int', value: '0' },
  { name: 'bb', type: 'bool', value: '1' },
] as const;

const name = fc.constantFrom<string>(...VARIABLES.map((v) => v.name));
const literal = fc.constantFrom('1', '3', '2u', '5ul', '7ll', '0x80000000', '0xffffffffull', '2147483647');
const count = fc.constantFrom('0', '1', '5', '17', '31');
const divisor = fc.constantFrom('3', '-7', '10u', '0x10001ll', '0x100000003ull', 'uc', 'si', 'ull', 'sll');

/** An expression without undefined behaviour but signed overflow, which wraps. */
export const expression: fc.Arbitrary<string> = fc.letrec<{ e: string }>((tie) => ({
  e: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    name,
    literal,
    fc
      .tuple(tie('e'), fc.constantFrom('+', '-', '*', '&', '|', '^'), tie('e'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc
      .tuple(tie('e'), fc.constantFrom('==', '!=', '<', '<=', '>', '>=', '&&', '||'), tie('e'))
      .map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('e'), fc.constantFrom('<<', '>>'), count).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(tie('e'), fc.constantFrom('/', '%'), divisor).map(([a, op, b]) => `(${a} ${op} ${b})`),
    fc.tuple(fc.constantFrom('-', '~', '!', '+'), tie('e')).map(([op, a]) => `(${op} ${a})`),
    fc.tuple(fc.constantFrom(...VARIABLES.map((v) => v.type)), tie('e')).map(([t, a]) => `(${t})${a}`),
    fc.tuple(tie('e'), tie('e'), tie('e')).map(([a, b, c]) => `(${a} ? ${b} : ${c})`),
  ),
})).e;
