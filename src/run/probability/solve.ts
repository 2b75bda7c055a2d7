/** How likely the condition is in a graph of states, whoever takes the decisions that chance has no part in. */
import { add, compareFractions, fraction, multiply, ONE, ZERO, type Fraction } from './fraction.js';
import type { Node } from './tree.js';

/** The least and the largest probability that those decisions can bring about. */
export interface Range {
  readonly least: Fraction;
  readonly most: Fraction;
}

const NEVER: Range = { least: ZERO, most: ZERO };
const SURELY: Range = { least: ONE, most: ONE };

/** Chance decides on a cycle: the sum has no end here. */
export class EndlessChance extends Error {}

/**
 * Solves from the ends on. States that lead to each other by decisions of anybody's are worth the same: whoever decides comes from one to
 * the other and leaves where it suits best; staying for ever is no execution.
 * @param moves of each state, the initial one first; a state without any has its own end as its only move
 * @returns undefined if no execution ends
 * @throws EndlessChance
 */
export function solve(moves: readonly (readonly Node[])[]): Range | undefined {
  const worth: (Range | undefined)[] = [];
  for (const component of components(moves)) {
    const inside = new Set(component);
    let range: Range | undefined;
    for (const id of component) {
      for (const move of moves[id]!) range = either(range, rangeOf(move, worth, inside, false));
    }
    for (const id of component) worth[id] = range;
  }
  return worth[0];
}

/** What can be had by deciding for one or the other. */
function either(a: Range | undefined, b: Range | undefined): Range | undefined {
  if (a === undefined || b === undefined) return a ?? b;
  return {
    least: compareFractions(a.least, b.least) <= 0 ? a.least : b.least,
    most: compareFractions(a.most, b.most) >= 0 ? a.most : b.most,
  };
}

function rangeOf(
  node: Node,
  worth: readonly (Range | undefined)[],
  inside: ReadonlySet<number>,
  byChance: boolean,
): Range | undefined {
  switch (node.kind) {
    case 'end':
      return node.holds === undefined ? undefined : node.holds ? SURELY : NEVER;
    case 'state':
      if (!inside.has(node.id)) return worth[node.id];
      if (byChance) throw new EndlessChance();
      return undefined;
    case 'any': {
      let range: Range | undefined;
      for (const child of node.children) range = either(range, rangeOf(child, worth, inside, byChance));
      return range;
    }
    case 'chance': {
      const total = node.weights.reduce((sum, weight) => sum + weight, 0n);
      let [least, most] = [ZERO, ZERO];
      node.children.forEach((child, i) => {
        // Without an outcome the condition has not come about.
        const range = rangeOf(child, worth, inside, true) ?? NEVER;
        const part = fraction(node.weights[i]!, total);
        if (range.least.n !== 0n) least = add(least, multiply(part, range.least));
        if (range.most.n !== 0n) most = add(most, multiply(part, range.most));
      });
      return { least, most };
    }
  }
}

/** Strongly connected components, each after those that it leads to (Tarjan, without recursion). */
function components(moves: readonly (readonly Node[])[]): number[][] {
  const order = new Int32Array(moves.length).fill(-1);
  const low = new Int32Array(moves.length);
  const onStack = new Uint8Array(moves.length);
  const stack: number[] = [];
  const found: number[][] = [];
  const open: { readonly id: number; readonly next: number[]; at: number }[] = [];
  let count = 0;
  const enter = (id: number): void => {
    order[id] = low[id] = count++;
    onStack[id] = 1;
    stack.push(id);
    open.push({ id, next: successors(moves[id]!), at: 0 });
  };
  if (moves.length > 0) enter(0);
  while (open.length > 0) {
    const top = open.at(-1)!;
    const to = top.next[top.at++];
    if (to !== undefined) {
      if (order[to]! < 0) enter(to);
      else if (onStack[to] === 1) low[top.id] = Math.min(low[top.id]!, order[to]!);
      continue;
    }
    open.pop();
    const below = open.at(-1);
    if (below !== undefined) low[below.id] = Math.min(low[below.id]!, low[top.id]!);
    if (low[top.id] !== order[top.id]) continue;
    const component = stack.splice(stack.lastIndexOf(top.id));
    for (const id of component) onStack[id] = 0;
    found.push(component);
  }
  return found;
}

function successors(moves: readonly Node[]): number[] {
  const found: number[] = [];
  const look = (node: Node): void => {
    if (node.kind === 'state') found.push(node.id);
    else if (node.kind !== 'end') node.children.forEach(look);
  };
  moves.forEach(look);
  return found;
}
