/** Typed expressions as text, conversions visible: `((unsigned long)x + 1UL)`. */
import type { LValue, TypedExpr, TypedStatement } from '../../src/c/typed.js';
import { typeName } from '../../src/c/types.js';

export function showPlace(p: LValue): string {
  switch (p.kind) {
    case 'local':
    case 'global':
      return p.variable.name;
    case 'deref':
      return `*${show(p.pointer)}`;
    case 'member':
      return `${showPlace(p.object)}.${p.field.name}`;
    case 'element':
      return `${showPlace(p.array)}[${show(p.index)}]`;
  }
}

export function show(e: TypedExpr): string {
  switch (e.kind) {
    case 'constant':
      return `${e.value}:${typeName(e.type)}`;
    case 'runtime':
    case 'function':
      return e.name;
    case 'string':
      return JSON.stringify(e.value);
    case 'load':
      return showPlace(e.from);
    case 'address':
      return `&${showPlace(e.of)}`;
    case 'unary':
      return `${e.op}${show(e.operand)}`;
    case 'not':
      return `!${show(e.operand)}`;
    case 'binary':
    case 'compare':
    case 'logical':
      return `(${show(e.left)} ${e.op} ${show(e.right)})`;
    case 'pointerStep':
      return `(${show(e.pointer)} ${e.op} ${show(e.index)}*${e.scale})`;
    case 'pointerDifference':
      return `(${show(e.left)} - ${show(e.right)})/${e.scale}`;
    case 'conditional':
      return `(${show(e.test)} ? ${e.then ? show(e.then) : ''} : ${show(e.otherwise)})`;
    case 'comma':
      return `(${show(e.left)}, ${show(e.right)})`;
    case 'assign':
      return `${showPlace(e.target)} = ${show(e.value)}`;
    case 'update':
      return `${showPlace(e.target)} ${e.op}=[${typeName(e.compute)}, ${e.result}] ${show(e.right)}`;
    case 'containerOf':
      return `container_of(${show(e.pointer)}, ${showPlace(e.member)})`;
    case 'call':
      return `${e.callee.name}(${e.args.map(show).join(', ')})`;
    case 'cast':
      return `(${typeName(e.type)})${show(e.operand)}`;
  }
}

/** Statements of a body, one a line, without nesting: enough to compare. */
export function showStatement(s: TypedStatement): string {
  switch (s.kind) {
    case 'block':
      return s.body.map(showStatement).join('\n');
    case 'expression':
      return show(s.value);
    case 'local':
      return [
        `local ${s.variable.name}`,
        ...s.init.map((i) => `${showPlace(i.target)} = ${show(i.value)}`),
      ].join('; ');
    case 'return':
      return s.value ? `return ${show(s.value)}` : 'return';
    case 'switch':
      return `switch ${show(s.value)} {${s.cases.map((k) => `${k.value}:@${k.target}`).join(' ')}}\n${showStatement(s.body)}`;
    case 'case':
      return `@${s.target}`;
    default:
      return s.kind;
  }
}
