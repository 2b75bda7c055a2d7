/** Character constants and strings. */
import type { Cst } from '../grammar.js';
import type { BuildContext } from './context.js';

const SIMPLE: Record<string, number> = {
  a: 7,
  b: 8,
  e: 27,
  f: 12,
  n: 10,
  r: 13,
  t: 9,
  v: 11,
  '\\': 92,
  "'": 39,
  '"': 34,
  '?': 63,
};

const ESCAPE = /\\(?:x([0-9a-fA-F]+)|([0-7]{1,3})|([^]))/g;

/** The value of `'c'`, an int. */
export function decodeCharacter(ctx: BuildContext, node: Cst): number {
  const text = unescape(ctx, node, /^'/);
  if ([...text].length !== 1) {
    ctx.fail('PFN1021', 'a character constant has one character', node, {
      suggestion: 'strings take double quotes',
    });
  }
  const value = text.charCodeAt(0);
  if (value > 127) ctx.fail('PFN1021', 'character constants above 127 depend on the encoding', node);
  return value;
}

export function decodeString(ctx: BuildContext, node: Cst): string {
  return unescape(ctx, node, /^"/);
}

function unescape(ctx: BuildContext, node: Cst, quote: RegExp): string {
  const text = ctx.text(node);
  if (!quote.test(text)) ctx.fail('PFN1021', 'wide and prefixed literals are not supported', node);
  return text.slice(1, -1).replace(ESCAPE, (all, hex?: string, octal?: string, simple?: string) => {
    const code = hex ? parseInt(hex, 16) : octal ? parseInt(octal, 8) : SIMPLE[simple!];
    if (code === undefined || code > 255) ctx.fail('PFN1021', `\`${all}\` is not an escape sequence`, node);
    return String.fromCharCode(code);
  });
}
