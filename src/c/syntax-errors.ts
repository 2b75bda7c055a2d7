/** What tree-sitter's error nodes mean to the person who wrote the text. */
import type { BuildContext } from './build/context.js';
import type { Cst } from './grammar.js';
import type { Token } from './tokens.js';

/** More syntax errors than this are mostly echoes of the first. */
const MAX_REPORTED = 3;

/** Reports the syntax errors of a tree. @returns whether there are any */
export function reportSyntaxErrors(ctx: BuildContext, root: Cst): boolean {
  const found: { node: Cst; parent?: Cst }[] = [];
  const stack: { node: Cst; parent?: Cst }[] = [{ node: root }];
  while (stack.length > 0 && found.length < MAX_REPORTED) {
    const entry = stack.pop()!;
    const { node } = entry;
    if (node.missing || (node.type === 'ERROR' && node !== root)) {
      found.push(entry);
      continue;
    }
    for (let i = node.children.length - 1; i >= 0; i--) stack.push({ node: node.children[i]!, parent: node });
  }
  if (found.length === 0 && root.type === 'ERROR') found.push({ node: root });
  for (const { node, parent } of found) report(ctx, node, parent);
  return found.length > 0;
}

function report(ctx: BuildContext, node: Cst, parent: Cst | undefined): void {
  const { tokens } = ctx.prepared;
  const index = firstTokenFrom(tokens, node.start);
  if (node.missing && node.named && tokens[index]) {
    const expected = node.type === 'identifier' ? 'an expression or a name' : node.type.replaceAll('_', ' ');
    ctx.sink.error('PFN1001', `unexpected \`${clip(tokens[index]!.text)}\``, tokens[index]!, { expected });
    return;
  }
  if (node.missing) {
    reportMissing(ctx, tokens, index, node.type);
    return;
  }
  const token = tokens[index];
  const text = ctx.text(node);
  if (parent?.type === 'case_statement' && text.includes('...')) {
    ctx.sink.error('PFN1023', 'case ranges are not supported', node, {
      expected: 'one `case` for each value',
    });
  } else if (parent?.type === 'goto_statement') {
    ctx.sink.error('PFN1019', 'computed goto is not supported', parent, { expected: '`goto LABEL`' });
  } else if (token && startsLine(ctx, tokens, index) && endsStatement(tokens[index - 1])) {
    reportMissing(ctx, tokens, index, ';');
  } else if (token && token.start < node.end + 1) {
    ctx.sink.error('PFN1001', `unexpected \`${clip(token.text)}\``, token);
  } else {
    ctx.sink.error('PFN1001', 'this is not C that can be understood', {
      start: node.start,
      end: Math.min(node.end, node.start + 40),
    });
  }
}

function reportMissing(ctx: BuildContext, tokens: readonly Token[], index: number, what: string): void {
  const before = tokens[index - 1];
  const at = before
    ? { start: before.end - 1, end: before.end }
    : { start: ctx.prepared.toFile(0), end: ctx.prepared.toFile(0) + 1 };
  const expected = what === '' ? ';' : what;
  const after = before ? ` after \`${clip(before.text)}\`` : '';
  ctx.sink.error('PFN1002', `\`${expected}\` is missing${after}`, at, { expected: `\`${expected}\`` });
}

function firstTokenFrom(tokens: readonly Token[], offset: number): number {
  let low = 0;
  let high = tokens.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (tokens[middle]!.start < offset) low = middle + 1;
    else high = middle;
  }
  return low;
}

function startsLine(ctx: BuildContext, tokens: readonly Token[], index: number): boolean {
  const before = tokens[index - 1];
  return before !== undefined && ctx.source.text.slice(before.end, tokens[index]!.start).includes('\n');
}

function endsStatement(token: Token | undefined): boolean {
  if (!token) return false;
  return (
    token.kind !== 'punctuator' ||
    token.text === ')' ||
    token.text === ']' ||
    token.text === '++' ||
    token.text === '--'
  );
}

function clip(text: string): string {
  return text.length > 24 ? `${text.slice(0, 21)}...` : text;
}
