/** The canonical text of conditions, and the names under which outcomes are printed. */
import type { Condition, ProcessPath, Prop, Term } from './ast.js';

/** Canonical text: one line, single spaces, no parentheses but the outer ones and those that are needed. */
export function printCondition(condition: Condition): string {
  return `${condition.quantifier} (${printProp(condition.prop)})`;
}

const STRENGTH = { or: 1, and: 2, not: 3 } as const;

/** Canonical text of a proposition, without outer parentheses. Parsing it gives the same proposition. */
export function printProp(prop: Prop): string {
  switch (prop.kind) {
    case 'or':
      return prop.args.map((a) => inside(a, STRENGTH.or)).join(' \\/ ');
    case 'and':
      return prop.args.map((a) => inside(a, STRENGTH.and)).join(' /\\ ');
    case 'not':
      return `~${negated(prop.arg)}`;
    case 'literal':
      return String(prop.value);
    case 'compare':
      return `${printTerm(prop.left)} ${prop.op} ${printTerm(prop.right)}`;
    case 'truth':
      return printTerm(prop.term);
    case 'flag':
      return `${printTerm(prop.term)} & ${prop.flag}`;
  }
}

function inside(prop: Prop, strength: number): string {
  const text = printProp(prop);
  const weak = (prop.kind === 'or' || prop.kind === 'and') && STRENGTH[prop.kind] <= strength;
  return weak ? `(${text})` : text;
}

/** `~(0:x = 1)` and not `~0:x = 1`, which reads as if the variable were negated. */
function negated(prop: Prop): string {
  const plain = prop.kind === 'truth' || prop.kind === 'literal' || prop.kind === 'not';
  return plain ? printProp(prop) : `(${printProp(prop)})`;
}

/** `0:` or `0:c1.`, ready for a name to follow. */
export function printProcess(process: ProcessPath): string {
  return `${process.thread}:${process.children.map((c) => `c${c}.`).join('')}`;
}

const ARITHMETIC = { '<<': 1, '>>': 1, '+': 2, '-': 2, '*': 3 } as const;
const UNARY = 4;

/** Canonical text of a value. */
export function printTerm(term: Term): string {
  return print(term, 0, false);
}

/** @param address whether this stands in an address expression, where variables have no prefix */
function print(term: Term, strength: number, address: boolean): string {
  switch (term.kind) {
    case 'integer':
      if (term.name !== undefined) return term.name;
      return term.hex ? `0x${term.value.toString(16)}` : String(term.value);
    case 'special':
      return term.value;
    case 'arena':
      return 'arena';
    case 'region':
    case 'constant':
      return term.name;
    case 'global':
      return term.name + term.path.map((p) => (typeof p === 'number' ? `[${p}]` : `.${p}`)).join('');
    case 'variable':
      return (address ? '' : printProcess(term.process)) + term.name;
    case 'attribute':
      return printProcess(term.process) + term.name;
    case 'observer': {
      const argument = term.argument
        ? print(term.argument, 0, term.process !== undefined)
        : (term.name ?? '');
      return `${term.process ? printProcess(term.process) : ''}${term.observer}(${argument})`;
    }
    case 'negate':
      return `-${print(term.arg, UNARY, address)}`;
    case 'binary': {
      const own = ARITHMETIC[term.op];
      const text = `${print(term.left, own - 1, address)} ${term.op} ${print(term.right, own, address)}`;
      return own > strength ? text : `(${text})`;
    }
  }
}
