/** What a driver's ioctl handler can tell apart: the commands it compares its parameter with, and whether it looks at its argument. */
import type { LocalVariable, TypedExpr, TypedFunction, TypedProgram } from '../../c/typed.js';

export interface IoctlUse {
  /** Values that a parameter is compared with, ascending. */
  readonly commands: readonly bigint[];
  readonly argument: boolean;
}

/** Looks through the handlers and every function of the driver that they call. */
export function ioctlUse(program: TypedProgram, handlers: Iterable<string>): IoctlUse {
  const commands = new Set<bigint>();
  let argument = false;
  const todo = [...handlers];
  const roots = new Set(todo);
  const seen = new Set<string>();
  for (let name = todo.pop(); name !== undefined; name = todo.pop()) {
    const fn = program.functions.get(name);
    if (fn === undefined || seen.has(name)) continue;
    seen.add(name);
    visit(fn.body, (node) => {
      const kind = node['kind'];
      if (kind === 'call') todo.push((node as unknown as { callee: { name: string } }).callee.name);
      if (kind === 'compare') comparison(node as unknown as Comparison, commands);
      if (kind === 'switch') switched(node as unknown as Switch, commands);
      const used = kind === 'local' ? (node['variable'] as LocalVariable) : undefined;
      if (used !== undefined && roots.has(name!) && isArgument(fn, used)) argument = true;
    });
  }
  return { commands: [...commands].sort((a, b) => (a < b ? -1 : 1)), argument };
}

type Comparison = TypedExpr & { kind: 'compare' };

interface Switch {
  readonly value: TypedExpr;
  readonly cases: readonly { readonly value: bigint }[];
}

/** The third parameter of a handler. */
function isArgument(fn: TypedFunction, variable: LocalVariable): boolean {
  return variable.isParameter && variable.index === 2 && fn.locals[2] === variable;
}

function comparison(e: Comparison, into: Set<bigint>): void {
  if (e.op !== '==' && e.op !== '!=') return;
  const [left, right] = [bare(e.left), bare(e.right)];
  if (isParameter(left) && right.kind === 'constant') into.add(BigInt.asUintN(32, right.value));
  if (isParameter(right) && left.kind === 'constant') into.add(BigInt.asUintN(32, left.value));
}

function switched(s: Switch, into: Set<bigint>): void {
  if (isParameter(bare(s.value))) for (const { value } of s.cases) into.add(BigInt.asUintN(32, value));
}

/** Without the casts around it. */
function bare(e: TypedExpr): TypedExpr {
  return e.kind === 'cast' ? bare(e.operand) : e;
}

function isParameter(e: TypedExpr): boolean {
  return e.kind === 'load' && e.from.kind === 'local' && e.from.variable.isParameter;
}

/** Every node of a typed tree; types and spans are left out, for they lead round in circles. */
function visit(node: unknown, see: (node: Readonly<Record<string, unknown>>) => void): void {
  if (Array.isArray(node)) {
    for (const one of node) visit(one, see);
    return;
  }
  if (typeof node !== 'object' || node === null) return;
  const record = node as Readonly<Record<string, unknown>>;
  if (typeof record['kind'] === 'string') see(record);
  for (const [key, value] of Object.entries(record)) {
    if (!NOT_TREE.has(key)) visit(value, see);
  }
}

const NOT_TREE = new Set(['type', 'span', 'variable', 'field', 'struct', 'compute', 'nameSpan', 'sizeof']);
