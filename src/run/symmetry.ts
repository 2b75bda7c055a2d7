/** Which frames of a test may change places, as far as its text tells; what code does with numbers of frames shows while it runs. */
import { symmetryOf, type Symmetry } from '../kernel/exchange.js';
import type { LitmusTest, Prop, Term } from '../litmus/ast.js';
import { findObserver } from '../litmus/observers.js';
import type { Compiled } from './boot.js';
import { globalName } from './observe.js';

/** Every frame of `ram`, but for regions that the question or a resource names. Undefined if the question asks which frame it is. */
export function firstSymmetry(c: Compiled, props: readonly (Prop | undefined)[]): Symmetry | undefined {
  const { test, mem } = c;
  const asked = new Asked(c);
  for (const prop of props) if (prop !== undefined) asked.prop(prop);
  if (asked.numbers) return undefined;
  const pinned = new Uint8Array(mem.frames);
  for (const { name, index, pages } of mem.regions)
    if (asked.regions.has(regionOf(test, name)) || isResource(test, name))
      pinned.fill(1, index, index + pages);
  return symmetryOf(mem, pinned, 1);
}

function regionOf(test: LitmusTest, name: string): string {
  return test.memory.resources.find((r) => r.name === name)?.region ?? name;
}

function isResource(test: LitmusTest, region: string): boolean {
  return test.memory.resources.some((r) => r.region === region);
}

/** What a question wants to know of frames. */
class Asked {
  /** It computes with frames, or compares them with more than each other. */
  numbers = false;
  readonly regions = new Set<string>();

  constructor(private readonly c: Compiled) {}

  prop(p: Prop): void {
    switch (p.kind) {
      case 'and':
      case 'or':
        return p.args.forEach((arg) => this.prop(arg));
      case 'not':
        return this.prop(p.arg);
      case 'compare':
        this.side(p.left, p.op === '=' || p.op === '!=');
        this.side(p.right, p.op === '=' || p.op === '!=');
        this.numbers ||= this.isFrame(p.left) && !this.isName(p.right);
        this.numbers ||= this.isFrame(p.right) && !this.isName(p.left);
        return;
      case 'truth':
      case 'flag':
        return this.term(p.term);
      case 'literal':
        return;
    }
  }

  /** @param equal whether it is compared for equality only */
  private side(t: Term, equal: boolean): void {
    if (this.isFrame(t) && !equal) this.numbers = true;
    this.term(t);
  }

  private term(t: Term): void {
    switch (t.kind) {
      case 'region':
        this.regions.add(t.name);
        return;
      case 'negate':
        this.numbers ||= this.isFrame(t.arg);
        return this.term(t.arg);
      case 'binary':
        this.numbers ||= this.isFrame(t.left) || this.isFrame(t.right);
        this.term(t.left);
        return this.term(t.right);
      case 'observer':
        if (t.argument !== undefined) this.argument(t);
        return;
      default:
        return;
    }
  }

  /** mem(0x100), refcount(pool): a frame by its number. */
  private argument(t: Term & { readonly kind: 'observer' }): void {
    const argument = t.argument!;
    if (findObserver(t.observer)!.takes === 'frame' && !this.isName(argument) && !this.isFrame(argument))
      this.numbers = true;
    this.term(argument);
  }

  /** Whether a term's value is a frame, or a pointer that may point to one. */
  private isFrame(t: Term): boolean {
    if (t.kind === 'observer') return findObserver(t.observer)!.value === 'frame';
    if (t.kind !== 'global') return false;
    return this.c.lowered.globals.get(globalName([t.name, ...t.path]))?.type.kind === 'pointer';
  }

  /** Whether a term is compared with a frame without asking for the number of one that may change places. */
  private isName(t: Term): boolean {
    switch (t.kind) {
      case 'integer':
        return (
          t.value < 0n || t.value >= 2n ** 52n || this.c.mem.isRam[this.c.mem.frame(Number(t.value))] !== 1
        );
      case 'special':
      case 'region':
        return true;
      case 'binary':
        return t.op === '+' && t.left.kind === 'region' && t.right.kind === 'integer';
      default:
        return this.isFrame(t);
    }
  }
}
