// The mutants of one source file: small mistakes that somebody could make, each with the place where it is made.
//
// A mutant is `{ file, in, op, from, to, nth, line, start, end, text }`: `text` replaces the characters from start to end.
// `file`, `in` (the function or constant around it), `op`, `from`, `to` and `nth` (which of several that are alike) name it
// for as long as that code stays; lines move and are only told to readers. `fn` is the function that it is in, by name
// or as `@LINE`; code outside of functions is run when its module is loaded.
import { parseSync } from 'rolldown/utils';

/** Operators, and what each of them does. */
export const OPERATORS = {
  negate: 'a condition is negated',
  decide: 'a condition is always true, or always false',
  connect: '&& becomes || and the other way round',
  operand: 'one side of && or || is left out',
  boundary: 'a comparison includes its limit, or no longer does',
  equality: '=== becomes !== and the other way round',
  drop: 'a statement is dropped',
  count: '+= becomes -=, ++ becomes --, and the other way round',
  arithmetic: '+ becomes -, & becomes |, << becomes >>, and the other way round',
  unary: 'a ! or a minus sign is left out',
  number: 'a number is off by one',
  boolean: 'true becomes false and the other way round',
  constant: 'a named constant becomes another of its kind',
  fact: 'a fact is taken to be true, or false',
};

/** The mistakes that everybody means by mutation: a condition negated, a statement dropped, a constant swapped, off by one. */
export const STANDARD = ['negate', 'equality', 'drop', 'constant', 'boolean', 'number', 'boundary'];

const BOUNDARY = { '<': '<=', '<=': '<', '>': '>=', '>=': '>' };
const EQUALITY = { '===': '!==', '!==': '===' };
const ARITHMETIC = { '+': '-', '-': '+', '&': '|', '|': '&', '<<': '>>', '>>': '<<', '>>>': '<<' };
const COUNT = { '+=': '-=', '-=': '+=', '|=': '&=', '&=': '|=', '++': '--', '--': '++' };

/** Names like VM_PFNMAP, PG_ANON, EINVAL, FOLL_PIN: those with one prefix can stand for each other. */
const FAMILIES = [
  /^VM_FAULT_[A-Z_]+$/,
  /^VM_[A-Z_]+$/,
  /^VMA_[A-Z_]+$/,
  /^PG_[A-Z_]+$/,
  /^PTE_[A-Z_]+$/,
  /^FAULT_FLAG_[A-Z_]+$/,
  /^FOLL_[A-Z_]+$/,
  /^MADV_[A-Z_]+$/,
  /^MAP_[A-Z_]+$/,
  /^MREMAP_[A-Z_]+$/,
  /^PROT_[A-Z_]+$/,
  /^SIG[A-Z]+$/,
  /^OPS_[A-Z_]+$/,
  /^E[A-Z0-9]+$/,
];

/** Calls that only tell a reader what happened. */
const TELLING = /^(k|this)\.(tracer\b|note\b)|^this\.k\.(tracer|note)\b/;

/** All mutants of a file, in the order of its text. */
export function mutantsOf(file, text) {
  const { program, errors } = parseSync(file, text);
  if (errors.length > 0) throw new Error(`${file}: ${errors[0].message}`);
  const finder = new Finder(file, text, program);
  finder.node(program, [], '');
  return number(finder.found, text);
}

/** What a mutant is called. */
export function mutantId({ file, in: where, op, from, to, nth }) {
  return [file, where, op, nth, from, to].join(' | ');
}

function number(found, text) {
  const seen = new Map();
  found.sort((a, b) => a.start - b.start || a.end - b.end);
  const mutants = [];
  for (const mutant of found) {
    const key = mutantId({ ...mutant, nth: 0 });
    const nth = (seen.get(key) ?? 0) + 1;
    seen.set(key, nth);
    const line = text.slice(0, mutant.start).split('\n').length;
    mutants.push({ ...mutant, nth, line });
  }
  return mutants;
}

/** Walks a syntax tree and collects mutants. */
class Finder {
  found = [];
  taken = new Set();
  fn = undefined;

  constructor(file, text, program) {
    this.file = file;
    this.text = text;
    this.names = importedNames(program);
  }

  /** The source of a node in one line. */
  source(node) {
    return this.text.slice(node.start, node.end);
  }

  /** @param shown what is said to stand there, if the change is told better on a larger piece than that which changes */
  add(op, where, node, text, shown) {
    const key = `${node.start} ${node.end} ${text}`;
    const from = this.text.slice(node.start, node.end);
    if (from === text || this.taken.has(key)) return;
    this.taken.add(key);
    const { start, end } = node;
    const [before, after] = shown ?? [from, text];
    const { file, fn } = this;
    this.found.push({ file, in: where, fn, op, from: squeeze(before), to: squeeze(after), start, end, text });
  }

  /** @param above the nodes around, the nearest first */
  node(node, above, where) {
    if (node === null || typeof node !== 'object') return;
    if (Array.isArray(node)) {
      for (const child of node) this.node(child, above, where);
      return;
    }
    if (typeof node.type !== 'string' || this.skips(node)) return;
    where = nameOf(node, where);
    const before = this.fn;
    if (node.type === 'FunctionDeclaration') this.fn = node.id.name;
    if (node.type === 'MethodDefinition' && node.kind !== 'constructor') this.fn = node.key.name;
    if (isRoutine(node, above[0])) this.fn = `@${this.text.slice(0, node.start).split('\n').length}`;
    this.#within(node, above, where);
    this.fn = before;
  }

  #within(node, above, where) {
    this[node.type]?.(node, where, above);
    const nearer = /^(Parenthesized|TSNonNull|TSAs)/.test(node.type) ? above : [node, ...above];
    for (const [key, child] of Object.entries(node)) {
      if (key !== 'parent' && child !== null && typeof child === 'object') this.node(child, nearer, where);
    }
  }

  /** Types, texts of errors, and what only witnesses see. */
  skips(node) {
    if (isTable(node)) return true;
    if (/^TS(?!AsExpression|NonNull|Satisfies)/.test(node.type)) return true;
    if (node.type === 'ImportDeclaration' || node.type === 'ThrowStatement') return true;
    if (node.type === 'ExpressionStatement') return TELLING.test(this.source(node));
    return node.type === 'IfStatement' && TELLING.test(this.source(node.test));
  }

  condition(test, where, shown = test) {
    const source = this.source(test);
    const tell = (text) => [this.source(shown), this.source(shown).replace(source, () => text)];
    this.add('negate', where, test, `!(${source})`, tell(`!(${source})`));
    for (const text of ['true', 'false']) this.add('decide', where, test, text, tell(text));
  }

  IfStatement(node, where) {
    this.condition(node.test, where);
  }

  ConditionalExpression(node, where) {
    this.condition(node.test, where);
  }

  WhileStatement(node, where) {
    this.condition(node.test, where);
  }

  LogicalExpression(node, where) {
    if (node.operator === '??') return;
    const [left, right] = [this.source(node.left), this.source(node.right)];
    const other = node.operator === '&&' ? '||' : '&&';
    this.add('connect', where, node, `(${left}) ${other} (${right})`);
    this.add('operand', where, node, `(${left})`);
    this.add('operand', where, node, `(${right})`);
  }

  BinaryExpression(node, where, above) {
    const { operator } = node;
    if (isText(node.left) || isText(node.right)) return;
    const [left, right] = [this.source(node.left), this.source(node.right)];
    const as = (other) => `${left} ${other} ${right}`;
    if (operator in BOUNDARY) this.add('boundary', where, node, as(BOUNDARY[operator]));
    if (operator in EQUALITY && !isTest(node, above[0]))
      this.add('equality', where, node, as(EQUALITY[operator]));
    if (operator in ARITHMETIC && !isCoercion(node) && !isAddress(node, above) && !isFlagTest(node, above[0]))
      this.add('arithmetic', where, node, `(${as(ARITHMETIC[operator])})`);
  }

  AssignmentExpression(node, where) {
    if (!(node.operator in COUNT)) return;
    this.add(
      'count',
      where,
      node,
      `${this.source(node.left)} ${COUNT[node.operator]} ${this.source(node.right)}`,
    );
  }

  UpdateExpression(node, where) {
    const argument = this.source(node.argument);
    const other = COUNT[node.operator];
    this.add('count', where, node, node.prefix ? other + argument : argument + other);
  }

  UnaryExpression(node, where, [parent]) {
    if (isTest(node, parent)) return;
    if (node.operator === '!' || node.operator === '-' || node.operator === '~')
      this.add('unary', where, node, `(${this.source(node.argument)})`);
  }

  ExpressionStatement(node, where) {
    if (node.directive === undefined || node.directive === null) this.add('drop', where, node, ';');
  }

  /** Not the last statement of a function: without it, nothing but undefined would come out. */
  ReturnStatement(node, where, above) {
    const [parent, around] = above;
    const early =
      parent.type === 'IfStatement' || around?.type === 'IfStatement' || parent.type === 'SwitchCase';
    if (early) this.add('drop', where, node, ';');
  }

  ContinueStatement(node, where) {
    this.add('drop', where, node, ';');
  }

  BreakStatement(node, where) {
    this.add('drop', where, node, ';');
  }

  Literal(node, where, above) {
    const [parent] = above;
    if (isKey(node, parent)) return;
    if (typeof node.value === 'boolean') this.add('boolean', where, node, String(!node.value));
    if (isWords(node, parent) || isAfterBug(node, above, this.text)) return;
    if (typeof node.value === 'number' && !isAddress(node, above) && !isZeroTest(node, parent)) {
      const by = node.value > 0 ? '- 1' : '+ 1';
      const decimal = /^\d+$/.test(node.raw);
      this.add(
        'number',
        where,
        node,
        decimal ? String(node.value + (node.value > 0 ? -1 : 1)) : `(${node.raw} ${by})`,
      );
    }
    if (typeof node.bigint === 'string' && !isZeroTest(node, parent))
      this.add('number', where, node, `(${node.raw} + 1n)`);
  }

  Identifier(node, where, [parent]) {
    if (isKey(node, parent)) return;
    const other = this.sibling(node.name);
    if (other !== undefined) this.add('constant', where, node, other);
  }

  MemberExpression(node, where, [parent]) {
    if (node.computed || isTarget(node, parent)) return;
    const source = this.source(node);
    if (/\bfacts\.\w+$/.test(source) && !isCompared(parent)) {
      for (const text of ['true', 'false']) this.add('fact', where, node, text);
    }
  }

  /** Another constant of the same family that this file knows. */
  sibling(name) {
    const family = FAMILIES.find((f) => f.test(name));
    if (family === undefined) return undefined;
    const alike = this.names.filter((n) => FAMILIES.find((f) => f.test(n)) === family);
    return alike[(alike.indexOf(name) + 1) % alike.length];
  }
}

/** Names that a file imports, sorted; the constants among them can be swapped. */
function importedNames(program) {
  const names = [];
  for (const node of program.body) {
    if (node.type !== 'ImportDeclaration' || node.importKind === 'type') continue;
    for (const s of node.specifiers) if (s.importKind !== 'type') names.push(s.local.name);
  }
  return names.sort();
}

/** The function or constant that a node defines, else the one around it. */
function nameOf(node, where) {
  if (node.type === 'FunctionDeclaration') return node.id.name;
  if (node.type === 'ClassDeclaration') return node.id.name;
  if (node.type === 'MethodDefinition' || node.type === 'PropertyDefinition')
    return `${where}.${node.key.name ?? node.key.value}`;
  if (where === '' && node.type === 'VariableDeclarator' && node.id.type === 'Identifier')
    return node.id.name;
  if (
    node.type === 'Property' &&
    !where.includes('.') &&
    node.key.type === 'Identifier' &&
    isDefinition(node)
  )
    return `${where}.${node.key.name}`;
  return where;
}

/** A fact, an API or a handler in a table. */
function isDefinition({ value }) {
  return /^(CallExpression|ArrowFunctionExpression|FunctionExpression)$/.test(value.type);
}

/** The code of a routine of the machine: made when its module is loaded, and without a name. */
function isRoutine(node, parent) {
  return node.type === 'ArrowFunctionExpression' && parent?.callee?.name === 'routine';
}

function isText(node) {
  return node.type === 'TemplateLiteral' || (node.type === 'Literal' && typeof node.value === 'string');
}

function isKey(node, parent) {
  if (parent === undefined) return false;
  if (parent.type === 'Property') return parent.key === node;
  if (parent.type === 'MemberExpression') return parent.property === node && !parent.computed;
  return parent.type === 'MethodDefinition' || parent.type === 'VariableDeclarator'
    ? (parent.key ?? parent.id) === node
    : false;
}

/** A condition, of which the opposite is a mutant by itself. */
function isTest(node, parent) {
  return /^(IfStatement|ConditionalExpression|WhileStatement)$/.test(parent.type) && parent.test === node;
}

/** Part of an index: where in the world's words something lies is no behaviour of a kernel. */
function isAddress(node, above) {
  for (const parent of above) {
    if (parent.type === 'MemberExpression') return parent.computed && parent.property === node;
    if (parent.type !== 'BinaryExpression') return false;
    node = parent;
  }
  return false;
}

/** How many words a routine's frame has: as with an index, no behaviour of a kernel. */
function isWords(node, parent) {
  return parent?.callee?.name === 'routine' && parent.arguments[1] === node;
}

/** The value of a `return 0;` behind `k.bug();`: the run is frozen, and nobody sees it. */
function isAfterBug(node, [parent, around], text) {
  if (parent?.type !== 'ReturnStatement' || around?.type !== 'BlockStatement') return false;
  const before = around.body[around.body.indexOf(parent) - 1];
  return before !== undefined && text.slice(before.start, before.end) === 'k.bug();';
}

/** The `flags & FLAG` of a comparison with 0. */
function isFlagTest(node, parent) {
  return node.operator === '&' && parent.type === 'BinaryExpression' && isZero(parent.right);
}

/** The 0 of `x === 0`, `x < 0`. */
function isZeroTest(node, parent) {
  if (parent.type !== 'BinaryExpression' || parent.right !== node) return false;
  return isCoercion(parent) || (isZero(node) && /[=<>]/.test(parent.operator));
}

/** A fact that is a number. */
function isCompared(parent) {
  return parent.type === 'CallExpression' || parent.type === 'BinaryExpression';
}

/** `x | 0`, `x >>> 0`: how JavaScript makes an integer of 32 bits. */
function isCoercion(node) {
  return /^(\||>>>?)$/.test(node.operator) && isZero(node.right);
}

function isZero(node) {
  return node.type === 'Literal' && (node.value === 0 || node.bigint === '0');
}

/** `{ Start: 0, Next: 1 } as const`: any other numbers would do. */
function isTable(node) {
  if (node.type !== 'TSAsExpression' || node.expression.type !== 'ObjectExpression') return false;
  return node.expression.properties.every((p) => typeof p.value?.value === 'number');
}

function isTarget(node, parent) {
  return parent?.type === 'AssignmentExpression' && parent.left === node;
}

function squeeze(text) {
  return text.replace(/\s+/g, ' ').trim();
}
