/** What makes up an outcome: everything that filter and condition look at, each under the name it is printed with. */
import type { ObserverTerm, ProcessPath, Prop, Term } from './ast.js';
import { printProcess } from './print.js';

export type ObservedTerm = (Term & { readonly kind: 'variable' | 'attribute' | 'global' }) | ObserverTerm;

export interface Observable {
  /** A register as herd7's log tools read it, `0:vm_normal_page.p`; unique within a test. */
  readonly register: string;
  readonly term: ObservedTerm;
  /** With `vma_flags`: the flag that is tested. */
  readonly flag?: string;
}

/** The observables of some propositions, each once, in the order of their first mention. */
export function observables(props: readonly (Prop | undefined)[]): Observable[] {
  const found = new Map<string, Observable>();
  for (const prop of props) if (prop) visitProp(prop, found);
  return [...found.values()];
}

function visitProp(prop: Prop, found: Map<string, Observable>): void {
  switch (prop.kind) {
    case 'and':
    case 'or':
      for (const arg of prop.args) visitProp(arg, found);
      return;
    case 'not':
      return visitProp(prop.arg, found);
    case 'compare':
      visitTerm(prop.left, found);
      return visitTerm(prop.right, found);
    case 'truth':
      return visitTerm(prop.term, found);
    case 'flag':
      return add(
        { register: `${registerName(prop.term)}.${prop.flag}`, term: prop.term, flag: prop.flag },
        found,
      );
    case 'literal':
      return;
  }
}

function visitTerm(term: Term, found: Map<string, Observable>): void {
  switch (term.kind) {
    case 'negate':
      return visitTerm(term.arg, found);
    case 'binary':
      visitTerm(term.left, found);
      return visitTerm(term.right, found);
    case 'variable':
    case 'attribute':
    case 'global':
    case 'observer':
      return add({ register: registerName(term), term }, found);
    default:
      return;
  }
}

function add(observable: Observable, found: Map<string, Observable>): void {
  if (!found.has(observable.register)) found.set(observable.register, observable);
}

/**
 * The register under which a term is printed: `0:x`, `0:c1.x`, `0:pfn.p.PAGE_SIZE`, `mem.buf.1`, `bug.vmf_insert_pfn`. A name
 * of herd7's output is a letter followed by letters, digits, `_` and `.`; `+` is therefore left out, other operators are spelt.
 */
export function registerName(term: ObservedTerm): string {
  if (term.kind === 'global') return herdName([term.name, ...term.path.map(String)].join('.'));
  if (term.kind !== 'observer') return prefix(term.process) + herdName(term.name);
  const name = term.name === undefined ? '' : `.${term.name}`;
  const inner = term.argument ? `.${operandName(term.argument)}` : name;
  return (term.process ? prefix(term.process) : '') + term.observer + inner;
}

function prefix(process: ProcessPath): string {
  return printProcess(process);
}

/** C names may begin with `_`, herd7's may not. */
function herdName(name: string): string {
  return /^[A-Za-z]/.test(name) ? name : `v.${name}`;
}

const OPERATOR_NAMES = { '+': '', '-': 'minus', '*': 'times', '<<': 'shl', '>>': 'shr' } as const;

function operandName(term: Term): string {
  switch (term.kind) {
    case 'integer':
      return term.name === undefined ? String(term.value) : herdName(term.name);
    case 'special':
      return term.value;
    case 'arena':
      return 'arena';
    case 'region':
    case 'constant':
      return term.name;
    case 'variable':
      return term.name;
    case 'negate':
      return `minus.${operandName(term.arg)}`;
    case 'binary': {
      const op = OPERATOR_NAMES[term.op];
      return [operandName(term.left), op, operandName(term.right)].filter((part) => part !== '').join('.');
    }
    case 'global':
    case 'attribute':
    case 'observer':
      return registerName(term).replaceAll(':', '.');
  }
}
