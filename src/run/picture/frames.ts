/** Every frame of the test: what it is, its counts, and who has it. */
import type { Kernel } from '../../kernel/kernel.js';
import { PAGE } from '../../kernel/layout.js';
import { entryPfn, levelPages, walk } from '../../kernel/mm/pgtable.js';
import { PTE_PRESENT } from '../../kernel/pte.js';
import { ProcState } from '../../kernel/routine.js';
import { PG_ANON, PG_EXCLUSIVE, PG_FREE, PG_HEAD, PG_TAIL } from '../../kernel/world.js';
import { frameName } from '../changes.js';
import type { Compiled } from '../boot.js';
import { namesFrame, processName } from './names.js';
import type { FramePicture } from './types.js';

const FLAGS = [
  [PG_ANON, 'anonymous'],
  [PG_EXCLUSIVE, 'exclusive'],
  [PG_HEAD, 'head'],
  [PG_TAIL, 'tail'],
] as const;

/** Of the zero pages only the first: they are never counted. */
export function framePictures(c: Compiled, k: Kernel): FramePicture[] {
  const mapped = mappers(k);
  const list: FramePicture[] = [];
  for (let frame = 0; frame < k.mem.frames; frame++) {
    if (k.mem.isZeroFrame(frame) && frame !== k.mem.zeroFrame) continue;
    list.push(picture(c, k, frame, mapped.get(frame) ?? []));
  }
  return list;
}

function picture(c: Compiled, k: Kernel, frame: number, mapped: readonly string[]): FramePicture {
  const page = k.pages[frame]!;
  const pfn = k.mem.pfnOf[frame]!;
  const { kind } = k.mem.regionOf[frame]!;
  const hasPage = k.mem.hasPage[frame] === 1;
  const free = (page.flags & PG_FREE) !== 0;
  const held = free ? ['page allocator'] : kind === 'ram' ? drivers(c, k, frame) : [];
  return {
    name: frameName(k, pfn),
    pfn: `0x${pfn.toString(16)}`,
    kind,
    ...(kind === 'ram' ? { free } : {}),
    ...(hasPage ? { refcount: page.refcount, mapcount: page.mapcount } : {}),
    flags: free ? [] : FLAGS.filter(([bit]) => (page.flags & bit) !== 0).map(([, name]) => name),
    owners: [...held, ...mapped],
    ...(c.lowered.touchesContents ? { contents: contents(k, page.o) } : {}),
  };
}

function contents(k: Kernel, at: number): number[] {
  return [...k.w.subarray(at + PAGE.CELLS, at + k.layout.frameWords)];
}

/** Globals of the driver that name a frame, and whether one of its objects does. */
function drivers(c: Compiled, k: Kernel, frame: number): string[] {
  const { globals, heap, words } = k.layout;
  const names = [...c.lowered.globals]
    .filter(([, v]) => v.type.kind === 'pointer' || v.type.kind === 'int')
    .filter(([, { word }]) => namesFrame(k, k.w[globals + word]!, frame))
    .map(([name]) => `driver: ${name}`);
  for (let i = heap; i < words; i++)
    if (namesFrame(k, k.w[i]!, frame)) return [...names, 'an object of the driver'];
  for (const v of k.vmas)
    if (v.mm >= 0 && namesFrame(k, v.private, frame))
      names.push(`vm_private_data of ${processName(k, v.mm)}`);
  return names;
}

/** Who maps each frame: `P0, page 1`. */
function mappers(k: Kernel): Map<number, string[]> {
  const found = new Map<number, string[]>();
  for (const p of k.procs) {
    if (p.state === ProcState.Absent || p.state === ProcState.Dead) continue;
    for (let first = 0; first < k.layout.caps.arena;) {
      const e = walk(k, p.slot, first);
      // A leaf may go beyond the last page that programs use.
      const pages = levelPages(k, k.level);
      for (let i = 0; i < pages && (k.w[e + 1]! & PTE_PRESENT) !== 0; i++) {
        const frame = k.mem.frame(entryPfn(k, e) + i);
        if (frame >= 0)
          found.set(frame, [...(found.get(frame) ?? []), `${processName(k, p.slot)}, page ${first + i}`]);
      }
      first += pages;
    }
  }
  return found;
}
