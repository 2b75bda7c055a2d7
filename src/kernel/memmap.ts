/** Which frames exist and what they are: fixed for a run, never part of the state. */

/** Kinds of region of a litmus test's memory block, and the kernel's own zero page. */
export type RegionKind = 'ram' | 'reserved' | 'mmio' | 'device' | 'zero';

/** A run of frames. `pfn` and `pages` are in pages; `index` numbers its first frame in the world. */
export interface Region {
  readonly name: string;
  readonly kind: RegionKind;
  readonly pfn: number;
  readonly pages: number;
  readonly index: number;
}

/** The physical memory of a test. Frames are named by a dense index; pfns are what the kernel computes with. */
export class MemoryMap {
  /** Frames with an index. */
  readonly frames: number;
  /** Largest pfn with a struct page: `highest_memmap_pfn`. */
  readonly highestMemmapPfn: number;
  /** pfn of the (first) zero page and its frame index. */
  readonly zeroPfn: number;
  readonly zeroFrame: number;
  /** Zero pages from there on, a power of 2. */
  readonly zeroPages: number;
  /** By frame index. */
  readonly pfnOf: Float64Array;
  readonly regionOf: readonly Region[];
  /** 1 where the frame has a struct page: `pfn_valid`. */
  readonly hasPage: Uint8Array;
  /** What the page allocator hands out. */
  readonly ram: readonly Region[];
  /** 1 where the page allocator may hand the frame out. */
  readonly isRam: Uint8Array;
  /** By order: first frames of the blocks in `ram`. */
  private readonly blocks: (readonly number[])[] = [];

  constructor(readonly regions: readonly Region[]) {
    const frames = regions.reduce((n, r) => Math.max(n, r.index + r.pages), 0);
    const regionOf: Region[] = [];
    this.frames = frames;
    this.ram = regions.filter((r) => r.kind === 'ram');
    this.pfnOf = new Float64Array(frames);
    this.hasPage = new Uint8Array(frames);
    this.isRam = new Uint8Array(frames);
    let highest = 0;
    let zero: Region | undefined;
    for (const r of regions) {
      if (r.kind === 'zero') zero = r;
      for (let i = 0; i < r.pages; i++) {
        regionOf[r.index + i] = r;
        this.pfnOf[r.index + i] = r.pfn + i;
        this.hasPage[r.index + i] = r.kind === 'mmio' ? 0 : 1;
        this.isRam[r.index + i] = r.kind === 'ram' ? 1 : 0;
      }
      if (r.kind !== 'mmio') highest = Math.max(highest, r.pfn + r.pages - 1);
    }
    if (zero === undefined) throw new Error('a memory map needs a zero page');
    this.regionOf = regionOf;
    this.highestMemmapPfn = highest;
    this.zeroPfn = zero.pfn;
    this.zeroFrame = zero.index;
    this.zeroPages = zero.pages;
  }

  /** Frame index of a pfn, or -1 when no region has it. */
  frame(pfn: number): number {
    const regions = this.regions;
    for (let i = 0; i < regions.length; i++) {
      const r = regions[i]!;
      if (pfn >= r.pfn && pfn < r.pfn + r.pages) return r.index + (pfn - r.pfn);
    }
    return -1;
  }

  /** Whether a frame index is a zero page's. */
  isZeroFrame(frame: number): boolean {
    return frame >= this.zeroFrame && frame < this.zeroFrame + this.zeroPages;
  }

  /** Frame indices at which aligned blocks of 2^order frames of `ram` begin, ascending. */
  ramBlocks(order: number): readonly number[] {
    return (this.blocks[order] ??= this.ram.flatMap((r) => blocksOf(r, 1 << order)));
  }

  /** `pfn_valid()`: a struct page exists. */
  pfnValid(pfn: number): boolean {
    const f = this.frame(pfn);
    return f >= 0 && this.hasPage[f] === 1;
  }
}

function blocksOf({ pfn, pages, index }: Region, n: number): number[] {
  const first = (n - (pfn % n)) % n;
  const count = Math.max(0, Math.floor((pages - first) / n));
  return Array.from({ length: count }, (_, i) => index + first + i * n);
}

/** One region as a test declares it, before placement. `pfn` is given for literal ranges. */
export interface RegionSpec {
  readonly name: string;
  readonly kind: RegionKind;
  readonly pages: number;
  readonly where?: 'low' | 'high' | 'io';
  readonly pfn?: number;
}

const ZERO_PFN = 0x10;
const LOW_MMIO_PFN = 0xa0;
const RAM_PFN = 0x100;
const HIGH_MMIO_PFN = 0xfd000;
const ALIGN = 64;

/**
 * Gives every region its pfns. `mmio low` lies below highest_memmap_pfn without a struct page, other mmio above it; ram,
 * reserved and device regions start aligned, so that buddy blocks and leaves are.
 * @param zeroPages a power of 2; more than the largest number an architecture has (128) count as that
 */
export function placeRegions(specs: readonly RegionSpec[], zeroPages = 1): MemoryMap {
  const zeros = Math.min(128, 2 ** Math.floor(Math.log2(Math.max(1, zeroPages))));
  const regions: Region[] = [{ name: 'zero', kind: 'zero', pfn: ZERO_PFN, pages: zeros, index: 0 }];
  let index = zeros;
  let normal = RAM_PFN;
  let low = LOW_MMIO_PFN;
  let high = HIGH_MMIO_PFN;
  const up = (n: number): number => Math.ceil(n / ALIGN) * ALIGN;
  for (const s of specs) {
    let pfn: number;
    if (s.pfn !== undefined) pfn = s.pfn;
    else if (s.kind === 'mmio' && s.where === 'low') low = (pfn = low) + s.pages;
    else if (s.kind === 'mmio') high = (pfn = up(high)) + s.pages;
    else normal = (pfn = up(normal)) + s.pages + 1;
    regions.push({ name: s.name, kind: s.kind, pfn, pages: s.pages, index });
    index += s.pages;
  }
  return new MemoryMap(regions);
}
