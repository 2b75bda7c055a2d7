/** What a move can come to: a tree of its decisions, each taken by chance or by anybody. */

/** A decision of a move, or where it leads to. */
export type Node =
  | { readonly kind: 'chance'; readonly weights: readonly bigint[]; readonly children: Node[] }
  | { readonly kind: 'any'; readonly children: Node[] }
  | { readonly kind: 'state'; readonly id: number }
  /** An end: whether the condition holds there, or undefined if there is no outcome. */
  | { readonly kind: 'end'; readonly holds: boolean | undefined };

type Inner = Extract<Node, { children: Node[] }>;

/** Has a move made again and again until every decision has gone every way. */
export class Recorder {
  private root: Node | undefined;
  /** The decisions of this round, the number that each was given, and how many there are. */
  private readonly path: { readonly node: Inner; index: number; readonly n: number }[] = [];
  private at = 0;

  /** A decision among n that chance has no part in. */
  readonly choose = (n: number): number => this.decide(n, () => ({ kind: 'any', children: [] }));

  /** A decision among as many as there are weights, each as likely as its weight. */
  readonly chance = (weights: readonly bigint[]): number =>
    this.decide(weights.length, () => ({ kind: 'chance', weights, children: [] }));

  private decide(n: number, make: () => Inner): number {
    const known = this.path[this.at];
    if (known !== undefined && known.n !== n) throw new Error('a move is not deterministic');
    if (known === undefined) {
      const node = make();
      this.attach(node);
      this.path.push({ node, index: 0, n });
    }
    return this.path[this.at++]!.index;
  }

  private attach(node: Node): void {
    const last = this.path.at(-1);
    if (last === undefined) this.root = node;
    else last.node.children[last.index] = node;
  }

  /** Starts with a move. */
  start(): void {
    this.root = undefined;
    this.path.length = 0;
    this.at = 0;
  }

  /** Where this round has led to. @returns whether there is another round to make */
  end(leaf: Node): boolean {
    this.attach(leaf);
    this.at = 0;
    while (this.path.length > 0) {
      const last = this.path.at(-1)!;
      if (++last.index < last.n) return true;
      this.path.pop();
    }
    return false;
  }

  /** The whole move, when all rounds were made. */
  tree(): Node {
    return this.root!;
  }
}
