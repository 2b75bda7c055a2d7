/**
 * Page allocators that are known well enough to speak of chance. The machine's RAM may be larger than the test's: what the test does not
 * list are *spare* frames. No number names one before it was handed out, so all that never were are alike, and one stands for them all.
 */
import { UnknownError, type FrameSource } from '../../kernel/routine.js';

/** `uniform`: each free frame is as likely as any other; `last-freed`: what was freed last comes first. */
export const ALLOCATORS = ['uniform', 'last-freed'] as const;
export type Allocator = (typeof ALLOCATORS)[number];

/** More spare frames are in use at once than the model has: the caller starts again with more. */
export class SparesError extends Error {}

/** Frames of the model that stand for more than themselves. */
export interface Spares {
  /** The first of them; all frames of `ram` behind it are spare. */
  readonly first: number;
  /** How many the model has. */
  readonly count: number;
  /** How many the machine has. */
  readonly real: number;
}

/** An allocator whose memory is a part of the state. */
export interface ChanceSource extends FrameSource {
  /** Words that it needs in a state. */
  readonly words: number;
  load(words: Int32Array, at: number): void;
  store(words: Int32Array, at: number): void;
}

export type Chance = (weights: readonly bigint[]) => number;

export function chanceSource(
  allocator: Allocator,
  frames: number,
  spares: Spares,
  chance: Chance,
): ChanceSource {
  return allocator === 'uniform' ? new Uniform(spares, chance) : new LastFreed(frames, spares, chance);
}

/** Draws one of some frames that are alike, and of the spare ones that were never handed out. */
function draw(alone: readonly number[], fresh: number, left: number, chance: Chance): number {
  const weights = alone.map(() => 1n);
  if (left > 0) weights.push(BigInt(left));
  if (weights.length === 0) throw new UnknownError('bound: ram');
  const i = weights.length === 1 ? 0 : chance(weights);
  if (i < alone.length) return alone[i]!;
  if (fresh < 0) throw new SparesError();
  return fresh;
}

function onlySingle(spares: Spares, order: number): void {
  if (order > 0 && spares.real > 0)
    throw new UnknownError('blocks of several frames are known in the RAM of the test only');
}

class Uniform implements ChanceSource {
  readonly words = 1;
  /** Spare frames that were handed out: they have become frames of their own. */
  private used = 0;

  constructor(
    private readonly spares: Spares,
    private readonly chance: Chance,
  ) {}

  take(heads: readonly number[], order: number): number {
    const { spares, used } = this;
    onlySingle(spares, order);
    const untouched = spares.first + used;
    const alone = heads.filter((frame) => frame < untouched);
    const frame = draw(alone, used < spares.count ? untouched : -1, spares.real - used, this.chance);
    if (frame === untouched) this.used += 1;
    return frame;
  }

  freed(): void {}

  load(words: Int32Array, at: number): void {
    this.used = words[at]!;
  }

  store(words: Int32Array, at: number): void {
    words[at] = this.used;
  }
}

/** One list, as the page allocator keeps one on each processor. Whatever lies below what the test has freed lies there in any order. */
class LastFreed implements ChanceSource {
  readonly words: number;
  private readonly list: number[] = [];

  constructor(
    frames: number,
    private readonly spares: Spares,
    private readonly chance: Chance,
  ) {
    this.words = frames + 1;
  }

  take(heads: readonly number[], order: number): number {
    if (order > 0) throw new UnknownError('blocks of several frames are on other lists than single ones');
    const last = this.list.pop();
    if (last !== undefined) return last;
    const { spares } = this;
    const own = heads.filter((frame) => frame < spares.first);
    const fresh = heads.find((frame) => frame >= spares.first) ?? -1;
    // The list is empty: each spare frame that is not in use was never handed out.
    const used = spares.count - heads.filter((frame) => frame >= spares.first).length;
    return draw(own, fresh, spares.real - used, this.chance);
  }

  freed(frame: number): void {
    this.list.push(frame);
  }

  load(words: Int32Array, at: number): void {
    this.list.length = 0;
    for (let i = 0; i < words[at]!; i++) this.list.push(words[at + 1 + i]!);
  }

  store(words: Int32Array, at: number): void {
    words.fill(0, at, at + this.words);
    words[at] = this.list.length;
    for (let i = 0; i < this.list.length; i++) words[at + 1 + i] = this.list[i]!;
  }
}
