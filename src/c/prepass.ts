/**
 * What happens to C text before tree-sitter sees it. Annotations that mean nothing to the model are blanked, `__user` is
 * remembered, directives are taken out, and two ambiguities that only type names can resolve are removed:
 * `(x) & y == z` (a cast of `&y`, or an `&`?) and `(u32)(y)` (a call, or a cast?).
 */
import { DiagnosticSink, type Source, type Span } from './diagnostics.js';
import { readDirective, type RawMacro } from './directives.js';
import { scanTokens, type Token } from './tokens.js';

/** Text ready for the parser, and the way back from its offsets to the file's. */
export interface Prepared {
  readonly text: string;
  /** The file offset of an offset into {@link text}. */
  readonly toFile: (offset: number) => number;
  /** File offsets of the `*` of pointers marked `__user`. */
  readonly userStars: ReadonlySet<number>;
  /** File offsets of type names that got a `struct ` before them, so that the parser sees a type. */
  readonly hiddenTypedefs: ReadonlySet<number>;
  readonly macros: readonly RawMacro[];
  readonly tokens: readonly Token[];
}

/** How deep brackets may nest. The kernel's own style would say three. */
const MAX_NESTING = 200;

/** How many `(a) *` one after the other: each may be a cast of what follows, and all of them nest then. */
const MAX_CASTS = 200;

/** Words without a meaning for the model. */
const BLANKED = new Set(
  (
    '__init __exit __initdata __initconst __exitdata __iomem __force __rcu __kernel __read_mostly __ro_after_init ' +
    '__maybe_unused __always_unused __used __must_check __cold __hot noinline __always_inline inline __inline ' +
    '__inline__ volatile register restrict __restrict __randomize_layout __cacheline_aligned __bitwise __nocast ' +
    '__cacheline_aligned_in_smp asmlinkage notrace __private __refdata __visible fallthrough __pure __const __ref'
  ).split(' '),
);

/** Words that are blanked together with the parentheses after them. */
const BLANKED_CALLS = new Set([
  '__acquires',
  '__releases',
  '__must_hold',
  '__counted_by',
  '__printf',
  '__attribute__',
]);

/** Attributes that change the layout of objects. */
const LAYOUT = /^(__)?(packed|aligned|vector_size|mode)(__)?$/;

/** The form of the kernel's own type names: what stands in parentheses alone and looks like this is a cast. */
const TYPE_NAME = /^(?:(?:__)?[usb](?:e|le)?(?:8|16|32|64)|\w+_t|bool|_Bool|uint|ulong|ushort|uchar)$/;

/** Words after which `(name)` is an operand and not a call, a condition or a declarator. */
const OPERAND_FOLLOWS = new Set(['return', 'else', 'do', 'case', 'sizeof']);

/**
 * Prepares `source.text[span)`; `prefix` is put before it, for the parser only.
 * @param typeNames typedefs that are known by other means; those of the text itself are found here and added
 */
export function prepare(
  source: Source,
  span: Span,
  sink: DiagnosticSink,
  typeNames: Set<string>,
  prefix = '',
  suffix = '',
): Prepared {
  const { tokens, directives, comments } = scanTokens(source.text, span.start, span.end, sink);
  const macros = directives.flatMap((d) => readDirective(source.text, d, sink) ?? []);
  checkBrackets(tokens, sink);
  checkCasts(tokens, sink);
  collectTypedefs(tokens, typeNames);

  const blanks: Span[] = [...directives, ...comments];
  const userStars = new Set<number>();
  const kept = dropAnnotations(tokens, blanks, userStars, sink);
  const hiddenTypedefs = resolveParentheses(kept, typeNames, blanks);
  const joints = joinTypeArguments(kept);
  return {
    ...edit(source.text, span, blanks, joints, hiddenTypedefs, prefix, suffix),
    userStars,
    hiddenTypedefs,
    macros,
    tokens,
  };
}

const CLOSER: Record<string, string> = { '(': ')', '[': ']', '{': '}' };

function checkBrackets(tokens: readonly Token[], sink: DiagnosticSink): void {
  const open: Token[] = [];
  for (const token of tokens) {
    if (token.kind !== 'punctuator') continue;
    if (CLOSER[token.text] !== undefined) {
      open.push(token);
      if (open.length <= MAX_NESTING) continue;
      sink.error('PFN1003', `nested deeper than ${MAX_NESTING} brackets`, token);
      return;
    }
    if (token.text !== ')' && token.text !== ']' && token.text !== '}') continue;
    const opener = open.pop();
    if (opener && CLOSER[opener.text] === token.text) continue;
    if (opener) {
      sink.error('PFN1004', `\`${token.text}\` does not close \`${opener.text}\``, token, {
        expected: `\`${CLOSER[opener.text]}\``,
        notes: [{ message: 'opened here', span: opener }],
      });
    } else sink.error('PFN1004', `\`${token.text}\` closes nothing`, token);
    return;
  }
  const last = open.pop();
  if (last)
    sink.error('PFN1004', `\`${last.text}\` is never closed`, last, { expected: `\`${CLOSER[last.text]}\`` });
}

/** Text that could nest too deeply for the parser, without a bracket that shows it. */
function checkCasts(tokens: readonly Token[], sink: DiagnosticSink): void {
  let casts = 0;
  for (const [i, token] of tokens.entries()) {
    if (/^[;,{}]$/.test(token.text)) casts = 0;
    if (token.text !== ')' || !/^[-+*&]$/.test(tokens[i + 1]?.text ?? '')) continue;
    casts += 1;
    if (casts <= MAX_CASTS) continue;
    sink.error(
      'PFN1003',
      `more than ${MAX_CASTS} of \`(...) ${tokens[i + 1]!.text}\` in one expression`,
      token,
    );
    return;
  }
}

/** Finds the names that `typedef ... NAME;` declares, well enough to tell casts from calls. */
function collectTypedefs(tokens: readonly Token[], typeNames: Set<string>): void {
  for (let i = 0; i < tokens.length; i++) {
    if (tokens[i]!.text !== 'typedef') continue;
    let depth = 0;
    let name: string | undefined;
    for (i += 1; i < tokens.length; i++) {
      const { kind, text } = tokens[i]!;
      if (text === '{' || text === '[') depth += 1;
      else if (text === '}' || text === ']') depth -= 1;
      else if (depth === 0 && kind === 'name') name = text;
      else if (depth === 0 && (text === ';' || text === '(')) break;
    }
    if (name !== undefined) typeNames.add(name);
  }
}

function dropAnnotations(
  tokens: readonly Token[],
  blanks: Span[],
  userStars: Set<number>,
  sink: DiagnosticSink,
): readonly Token[] {
  const kept: Token[] = [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i]!;
    if (token.kind !== 'name') kept.push(token);
    else if (token.text === '__user') {
      const star = tokens[i + 1]?.text === '*' ? tokens[i + 1] : kept.at(-1);
      if (star?.text === '*') userStars.add(star.start);
      else sink.error('PFN1025', '`__user` belongs to a pointer', token, { expected: '`TYPE __user *NAME`' });
      blanks.push(token);
    } else if (BLANKED.has(token.text)) blanks.push(token);
    else if (LAYOUT.test(token.text) && token.text.startsWith('__')) rejectLayout(token, sink);
    else if (BLANKED_CALLS.has(token.text) && tokens[i + 1]?.text === '(') {
      const end = closing(tokens, i + 1);
      for (let j = i + 2; j < end; j++) if (LAYOUT.test(tokens[j]!.text)) rejectLayout(tokens[j]!, sink);
      blanks.push({ start: token.start, end: tokens[end]?.end ?? token.end });
      i = end;
    } else kept.push(token);
  }
  return kept;
}

function rejectLayout(token: Token, sink: DiagnosticSink): void {
  sink.error('PFN1020', `\`${token.text}\` changes the layout of objects, which is not modelled`, token);
}

/** The index of the token that closes the bracket at `open`. */
function closing(tokens: readonly Token[], open: number): number {
  let depth = 0;
  for (let i = open; i < tokens.length; i++) {
    const { text } = tokens[i]!;
    if (text === '(') depth += 1;
    else if (text === ')' && --depth === 0) return i;
  }
  return tokens.length - 1;
}

/**
 * Of every `(NAME)` that is an operand: if NAME is a type, it is a cast and gets a `struct `; if not, the parentheses
 * say nothing and are blanked. `((NAME))` too, from the inside out.
 */
function resolveParentheses(
  tokens: readonly Token[],
  typeNames: ReadonlySet<string>,
  blanks: Span[],
): Set<number> {
  const hidden = new Set<number>();
  const open: { at: number; name?: Token; count: number }[] = [];
  tokens.forEach((token, i) => {
    const top = open.at(-1);
    if (token.text === '(' && token.kind === 'punctuator') {
      open.push({ at: i, count: 0 });
      return;
    }
    if (token.text === ')' && token.kind === 'punctuator' && top) {
      open.pop();
      const outer = open.at(-1);
      const name = top.count === 1 ? top.name : undefined;
      if (!name || !isOperandPosition(tokens[top.at - 1])) {
        if (outer) outer.count += 2;
      } else if (typeNames.has(name.text) || TYPE_NAME.test(name.text)) {
        hidden.add(name.start);
        if (outer) outer.count += 2;
      } else {
        blanks.push(tokens[top.at]!, token);
        if (outer) {
          outer.count += 1;
          outer.name = name;
        }
      }
      return;
    }
    if (!top) return;
    top.count += 1;
    if (token.kind === 'name' && !KEYWORDS.has(token.text)) top.name = token;
  });
  return hidden;
}

const KEYWORDS = new Set(
  'void char short int long signed unsigned float double struct union enum const static sizeof return NULL'.split(
    ' ',
  ),
);

function isOperandPosition(before: Token | undefined): boolean {
  if (!before) return false;
  if (before.kind === 'punctuator') return before.text !== ')' && before.text !== ']';
  return before.kind === 'name' && OPERAND_FOLLOWS.has(before.text);
}

/** Macros by their look: `_IOW`, `ARRAY_SIZE`, `min_t`; and those that take types though they do not look like it. */
const MACRO_NAME = /^(?:_?[A-Z][A-Z0-9_]*|\w+_t|container_of|list_\w*entry\w*)$/;

const TAGGED = /^(?:struct|union)$/;
const TYPE_BEGINS = /^(?:struct|union|unsigned|signed|long|short|int|char)$/;

/**
 * `_IOW('D', 1, struct demo)`, `min_t(unsigned long, a, b)`: the parser takes no type of several words for an argument. The gaps
 * between the words become underscores, so that it sees one name.
 */
function joinTypeArguments(tokens: readonly Token[]): Span[] {
  const joints: Span[] = [];
  for (let i = 1; i < tokens.length; i++) {
    if (tokens[i]!.text !== '(' || !MACRO_NAME.test(tokens[i - 1]!.text)) continue;
    let depth = 0;
    for (let j = i; j < tokens.length && (j === i || depth > 0) && depth <= MAX_NESTING; j++) {
      const { text } = tokens[j]!;
      if (text === '(') depth += 1;
      else if (text === ')') depth -= 1;
      if (depth !== 1 || (text !== '(' && text !== ',') || !TYPE_BEGINS.test(tokens[j + 1]?.text ?? ''))
        continue;
      let end = j + 1;
      if (TAGGED.test(tokens[end]!.text)) end += 1;
      else while (TYPE_BEGINS.test(tokens[end + 1]?.text ?? '')) end += 1;
      const after = tokens[end + 1]?.text;
      if (after !== ',' && after !== ')') continue;
      for (j += 1; j < end; j++) joints.push({ start: tokens[j]!.end, end: tokens[j + 1]!.start });
    }
  }
  return joints;
}

const HIDDEN = 'struct ';

/** Blanks, inserts, prefixes; keeps newlines. */
function edit(
  text: string,
  span: Span,
  blanks: readonly Span[],
  joints: readonly Span[],
  hidden: ReadonlySet<number>,
  prefix: string,
  suffix: string,
): Pick<Prepared, 'text' | 'toFile'> {
  const edits = [
    ...blanks.map((b) => ({ ...b, insert: '', fill: ' ' })),
    ...joints.map((b) => ({ ...b, insert: '', fill: '_' })),
    ...[...hidden].map((h) => ({ start: h, end: h, insert: HIDDEN, fill: '' })),
  ];
  edits.sort((a, b) => a.start - b.start || a.end - b.end);
  const out: string[] = [prefix];
  const inserted: number[] = [];
  let at = span.start;
  for (const e of edits) {
    if (e.start < at) continue;
    const piece = text.slice(e.start, e.end);
    const filled = e.fill === '_' ? '_'.repeat(piece.length) : piece.replace(/[^\n\r]/g, ' ');
    out.push(text.slice(at, e.start), e.insert, filled);
    if (e.insert !== '') inserted.push(e.start);
    at = e.end;
  }
  out.push(text.slice(at, span.end), suffix);
  return { text: out.join(''), toFile: backMap(span, inserted, prefix.length) };
}

function backMap(span: Span, inserted: readonly number[], prefix: number): (offset: number) => number {
  // inserted[k] lies at inserted[k] - span.start + prefix + k * HIDDEN.length in the edited text
  return (offset) => {
    let low = 0;
    let high = inserted.length;
    const flat = offset - prefix + span.start;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (inserted[middle]! + middle * HIDDEN.length < flat) low = middle + 1;
      else high = middle;
    }
    const before = flat - low * HIDDEN.length;
    const clamped = low > 0 ? Math.max(before, inserted[low - 1]!) : before;
    return Math.max(span.start, Math.min(clamped, span.end));
  };
}
