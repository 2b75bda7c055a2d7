/** Processes: their mappings, and the entries of their page tables as hardware, mm and ghost state see them. */
import { VM_MIXEDMAP, VM_PFNMAP, vmFlagNames } from '../../kernel/flags.js';
import type { Kernel } from '../../kernel/kernel.js';
import { isLinear, isZeroPfn, SPECIAL, vmNormalPageAt } from '../../kernel/mm/memory/classify.js';
import { entryPfn, levelPages, walk } from '../../kernel/mm/pgtable.js';
import { pinFrame, pinPage } from '../../kernel/pin.js';
import {
  cacheMode,
  Level,
  MEMORY_TYPES,
  PTE_DIRTY,
  PTE_GHOST_COUNTED,
  PTE_PRESENT,
  PTE_PROTNONE,
  PTE_SPECIAL,
  PTE_WRITE,
} from '../../kernel/pte.js';
import { ProcState } from '../../kernel/routine.js';
import { signalName } from '../../kernel/uapi.js';
import { FMODE_WRITE, VMA_LINKED, type Proc, type Vma } from '../../kernel/world.js';
import { frameName } from '../changes.js';
import type { Compiled } from '../boot.js';
import { deviceName, pointerText, processName } from './names.js';
import type { Classified, EntryPicture, ProcessPicture, VmaPicture } from './types.js';

const STATES = ['dead', 'running', 'exiting', 'dead'] as const;
const LEVELS = ['pte', 'pte', 'pmd', 'pud'] as const;

export function processPictures(c: Compiled, k: Kernel): ProcessPicture[] {
  return k.procs.filter((p) => p.state !== ProcState.Absent).map((p) => picture(c, k, p));
}

function picture(c: Compiled, k: Kernel, p: Proc): ProcessPicture {
  const vmas = k.vmas.filter((v) => v.mm === p.slot).toSorted((a, b) => a.start - b.start);
  return {
    name: processName(k, p.slot),
    state: STATES[p.state],
    base: `0x${k.arenaBase.toString(16)}`,
    rssAnon: p.rssAnon,
    rssFile: p.rssFile,
    ...(p.signal === 0 ? {} : { signal: signalName(p.signal) }),
    files: files(c, k, p),
    pins: pins(k, p),
    vmas: vmas.map((v) => vmaPicture(c, k, v)),
    entries: entries(k, p),
  };
}

function files(c: Compiled, k: Kernel, p: Proc): string[] {
  const at = p.o + k.layout.fdsAt;
  return [...k.w.subarray(at, at + k.layout.caps.fds)].flatMap((word, i) => {
    if (word === 0) return [];
    const file = k.files[word - 1]!;
    const mode = (file.mode & FMODE_WRITE) !== 0 ? 'O_RDWR' : 'O_RDONLY';
    return [`${i + 3}: ${deviceName(c, k, file.slot)}, ${mode}`];
  });
}

function pins(k: Kernel, p: Proc): string[] {
  const at = p.o + k.layout.pinsAt;
  return [...k.w.subarray(at, at + k.layout.caps.pins)]
    .filter((word) => word !== 0)
    .map((word) => `${frameName(k, k.mem.pfnOf[pinFrame(word)]!)} through page ${pinPage(word)}`);
}

function vmaPicture(c: Compiled, k: Kernel, v: Vma): VmaPicture {
  return {
    start: v.start,
    pages: v.pages,
    flags: vmFlagNames(v.flags),
    pgoff: `0x${v.pgoff.toString(16)}`,
    ...(k.mem.frame(v.pgoff) < 0 ? {} : { pgoffFrame: frameName(k, v.pgoff) }),
    ...(v.file < 0 ? {} : { file: deviceName(c, k, v.file) }),
    ...(v.private === 0 ? {} : { private: pointerText(c, k, v.private) }),
    linked: v.has(VMA_LINKED),
  };
}

function entries(k: Kernel, p: Proc): EntryPicture[] {
  const list: EntryPicture[] = [];
  for (let pg = 0; pg < k.layout.caps.arena;) {
    const e = walk(k, p.slot, pg);
    const level = k.level as Level;
    if ((k.w[e + 1]! & PTE_PRESENT) !== 0) list.push(entryPicture(k, p, pg, e, level));
    pg += levelPages(k, level);
  }
  return list;
}

function entryPicture(k: Kernel, p: Proc, page: number, e: number, level: Level): EntryPicture {
  const flags = k.w[e + 1]!;
  const pfn = entryPfn(k, e);
  const type = MEMORY_TYPES[cacheMode(flags)]!;
  return {
    page,
    pages: levelPages(k, level),
    level: LEVELS[level],
    pfn: `0x${pfn.toString(16)}`,
    ...(k.mem.frame(pfn) < 0 ? {} : { frame: frameName(k, pfn) }),
    bits: [
      (flags & PTE_WRITE) !== 0 ? 'writable' : 'read-only',
      ...((flags & PTE_SPECIAL) !== 0 ? ['special'] : []),
      ...((flags & PTE_DIRTY) !== 0 ? ['dirty'] : []),
      ...((flags & PTE_PROTNONE) !== 0 ? ['no access'] : []),
    ],
    ...(type === 'wb' ? {} : { type }),
    ...classified(k, p.slot, page, e, level),
    counted: (flags & PTE_GHOST_COUNTED) !== 0,
  };
}

function classified(
  k: Kernel,
  mm: number,
  pg: number,
  e: number,
  level: Level,
): { readonly classified: Classified; readonly because?: string } {
  const vma = k.vmas.find((v) => v.mm === mm && pg >= v.start && pg < v.end);
  if (vma === undefined) return { classified: 'no VMA' };
  if (k.program.vmOps[vma.ops]?.findNormalPage !== undefined) return { classified: 'driver' };
  const quiet = k.quiet;
  k.quiet = true;
  const page = vmNormalPageAt(k, vma, pg, e, level);
  k.quiet = quiet;
  const found = page >= 0 ? 'normal' : page === SPECIAL ? 'special' : 'no memmap';
  return { classified: found, ...(level === Level.Pte ? { because: because(k, vma, pg, e) } : {}) };
}

/** Which test of vm_normal_page() decides (A.2, A.3). */
function because(k: Kernel, vma: Vma, pg: number, e: number): string {
  const pfn = entryPfn(k, e);
  if (k.facts.pteSpecial) return (k.w[e + 1]! & PTE_SPECIAL) !== 0 ? 'special bit' : 'no special bit';
  if ((vma.flags & VM_MIXEDMAP) !== 0 && !k.mem.pfnValid(pfn)) return 'VM_MIXEDMAP, no struct page';
  if ((vma.flags & (VM_MIXEDMAP | VM_PFNMAP)) === VM_PFNMAP) {
    if (isLinear(k, vma, pg, pfn)) return 'pfn = vm_pgoff + page';
    if (!vma.cow) return 'mapping is not COW';
  }
  if (isZeroPfn(k, pfn)) return 'zero page';
  return pfn > k.mem.highestMemmapPfn ? 'beyond all memory' : 'no exception applies';
}
