/**
 * One state of the model as data that can be drawn: address spaces, page tables, frames, and what the driver remembers. Everything is
 * text or a small number, so that it can go into JSON; docs/verify.schema.json has its form.
 */

export interface VmaPicture {
  /** First page, counted from the start of the arena; its address is {@link ProcessPicture.base} + 4096 times that. */
  readonly start: number;
  readonly pages: number;
  /** `VM_PFNMAP` ..., lowest bit first. */
  readonly flags: readonly string[];
  /** vm_pgoff in hexadecimal. */
  readonly pgoff: string;
  /** The frame that has vm_pgoff for its number, if there is one. */
  readonly pgoffFrame?: string;
  /** `/dev/demo`; absent where the mapping is anonymous. */
  readonly file?: string;
  /** vm_private_data, if it is set. */
  readonly private?: string;
  /** Whether others can find it: false while it is being made or taken apart. */
  readonly linked: boolean;
}

/** What the mm takes an entry for: vm_normal_page() gives a page, gives NULL, follows a number to where no struct page is, or asks the driver. */
export type Classified = 'normal' | 'special' | 'no memmap' | 'driver' | 'no VMA';

export interface EntryPicture {
  /** Page that it maps, counted as {@link VmaPicture.start}, and how many. */
  readonly page: number;
  readonly pages: number;
  readonly level: 'pte' | 'pmd' | 'pud';
  /** In hexadecimal. */
  readonly pfn: string;
  /** Name of the frame; absent where no region of the test has that number. */
  readonly frame?: string;
  /** `read-only` or `writable`, then `special`, `dirty`, `no access`. */
  readonly bits: readonly string[];
  /** Memory type, if it is not `wb`. */
  readonly type?: string;
  readonly classified: Classified;
  /** What decides about that: `special bit`, `pfn = vm_pgoff + page` ...; of PTEs only. */
  readonly because?: string;
  /** Ghost state: whether a reference, a mapcount and RSS were counted when it was installed. */
  readonly counted: boolean;
}

export interface ProcessPicture {
  /** `P0`, `P0:c1`. */
  readonly name: string;
  readonly state: 'running' | 'exiting' | 'dead';
  /** Address of page 0, in hexadecimal. */
  readonly base: string;
  readonly rssAnon: number;
  readonly rssFile: number;
  readonly signal?: string;
  /** `3: /dev/demo, O_RDWR`. */
  readonly files: readonly string[];
  /** References that GUP or a pipe took: `pool.1 through page 0`. */
  readonly pins: readonly string[];
  readonly vmas: readonly VmaPicture[];
  readonly entries: readonly EntryPicture[];
}

export interface FramePicture {
  /** `buf.0`, `pool.3`, `the zero page`. */
  readonly name: string;
  /** In hexadecimal. */
  readonly pfn: string;
  readonly kind: 'ram' | 'reserved' | 'device' | 'mmio' | 'zero';
  /** Of `ram` alone: whether the page allocator has it. */
  readonly free?: boolean;
  /** Absent where there is no struct page. */
  readonly refcount?: number;
  readonly mapcount?: number;
  /** `anonymous`, `exclusive`, `dirty`, `head`, `tail`. */
  readonly flags: readonly string[];
  /** Who can name or holds it: `page allocator`, `driver: page`, `P0, page 0`. */
  readonly owners: readonly string[];
  /** Cells of its contents, as far as the driver or the programs look. */
  readonly contents?: readonly number[];
}

/** A global of the driver that is a number, a pointer or a lock, or a part of one. */
export interface GlobalPicture {
  readonly name: string;
  readonly value: string;
}

export interface Picture {
  readonly processes: readonly ProcessPicture[];
  readonly frames: readonly FramePicture[];
  readonly globals: readonly GlobalPicture[];
  /** What the kernel has said or where it stopped: `BUG in vmf_insert_pfn()`. */
  readonly kernel: readonly string[];
}
