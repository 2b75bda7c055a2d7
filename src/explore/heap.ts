/**
 * Memory of WebAssembly of which words are taken for good, by any thread that has it and at any time: where the unused rest begins is kept in the
 * memory itself.
 */
import { StoreFull } from './store.js';
import { WASM_PAGE, type Compiled, type WasmMemory } from './wasm.js';

const MAX_PAGES = 2 ** 16;
const FIRST_PAGES = 4;
/** Pages by which memory grows at least, once it has so many: each time costs a collection of garbage, and what is never written takes nothing. */
const STEP = 256;
/** The word that says where the rest begins, in units of 16 bytes. */
const TOP = 0;

export class Heap {
  /** All of the memory that this thread has looked at; another array when the memory grows. */
  words!: Int32Array;
  private readonly viewers: (() => void)[] = [];

  private constructor(
    readonly memory: WasmMemory,
    private readonly shared: boolean,
  ) {
    this.look();
  }

  /** Memory of this thread. @param reserved first bytes, for who makes it; the first word is the heap's own @throws if there is none */
  static make({ wasm }: Compiled, reserved: number): Heap {
    const memory = new wasm.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES });
    return Heap.begun(new Heap(memory, false), reserved);
  }

  /** Memory that can be sent to other threads. */
  static makeShared({ wasm }: Compiled, reserved: number): Heap {
    const memory = new wasm.Memory({ initial: FIRST_PAGES, maximum: MAX_PAGES, shared: true });
    return Heap.begun(new Heap(memory, true), reserved);
  }

  /** Memory that another thread has made to be shared. */
  static of(memory: WasmMemory): Heap {
    return new Heap(memory, true);
  }

  private static begun(heap: Heap, reserved: number): Heap {
    heap.words[TOP] = Math.ceil(reserved / 16);
    return heap;
  }

  /** Calls `look` now, and whenever the views of this thread's memory have to be made anew. */
  onGrowth(look: () => void): void {
    this.viewers.push(look);
    look();
  }

  /** Takes words of the memory, all 0. @returns the byte at which they begin, a multiple of 16 @throws StoreFull */
  take(words: number): number {
    for (;;) {
      const first = Atomics.load(this.words, TOP);
      const end = first + Math.ceil(words / 4);
      this.reach(16 * end);
      if (Atomics.compareExchange(this.words, TOP, first, end) === first) return 16 * first;
    }
  }

  /** Lets the views of this thread have all that others have taken. */
  refresh(): void {
    if (16 * Atomics.load(this.words, TOP) > this.words.byteLength) this.reach(16 * this.words[TOP]!);
  }

  private reach(bytes: number): void {
    if (bytes <= this.words.byteLength) return;
    // another thread may have let it grow
    if (this.shared) this.enlarge(0);
    const pages = Math.ceil((bytes - this.words.byteLength) / WASM_PAGE);
    if (pages <= 0) return;
    const has = this.words.byteLength / WASM_PAGE;
    const step = this.shared ? STEP : Math.min(STEP, has);
    const enlarged = this.enlarge(Math.max(pages, step, Math.floor(has / 2)));
    if (!enlarged && !this.enlarge(pages) && bytes > this.words.byteLength)
      throw new StoreFull('the stored states exceed what WebAssembly can keep');
  }

  /** @returns whether it could */
  private enlarge(pages: number): boolean {
    let could = true;
    try {
      this.memory.grow(pages);
    } catch {
      could = false;
      // others may have grown it as far as it goes
      if (this.shared) this.memory.grow(0);
    }
    this.look();
    return could;
  }

  private look(): void {
    this.words = new Int32Array(this.memory.buffer);
    for (const look of this.viewers) look();
  }
}
