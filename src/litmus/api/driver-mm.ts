/** The mm functions that drivers call, by prototype (B.1-B.7, D.3). */
import type { Kernel } from '../../kernel/kernel.js';
import { FOLL_WRITE } from '../../kernel/flags.js';
import { Undefined, UnknownError } from '../../kernel/routine.js';
import { HandleKind, handleIndex } from '../../kernel/handle.js';
import { genericAccessByte, genericAccessPhysHandler } from '../../kernel/mm/follow.js';
import { vmfInsertPfnLeaf } from '../../kernel/mm/huge_memory.js';
import { pageArray } from '../../kernel/mm/memory/page-array.js';
import {
  vmfInsertPage,
  vmfInsertPfn,
  vmfInsertPfnProt,
  vmInsertMixed,
  vmInsertPage,
  vmInsertPages,
  vmMapPages,
} from '../../kernel/mm/memory/insert.js';
import { remapPfnRange, vmFlagsClear, vmFlagsSet, vmIomapMemory } from '../../kernel/mm/memory/remap.js';
import { VMF } from '../../kernel/mm/memory/vmf.js';
import { zapSpecialVmaRange } from '../../kernel/mm/memory/zap.js';
import { unmapMappingRange } from '../../kernel/mm/unmap_mapping.js';
import { remapVmallocRange, remapVmallocRangePartial } from '../../kernel/mm/vmalloc.js';
import { vmGetPageProt } from '../../kernel/mm/pgtable.js';
import { Level } from '../../kernel/pte.js';
import type { Vma } from '../../kernel/world.js';
import { num, pfnArg, type ApiFunction } from './define.js';
import { indexOf } from './structs.js';

/** VMA argument `i`, or undefined after the run was frozen. */
function vmaArg(k: Kernel, i: number): Vma | undefined {
  const slot = indexOf(k, k.argLo[i]!, HandleKind.Vma);
  return slot < 0 ? undefined : k.vmas[slot]!;
}

/**
 * An atomic function of a VMA. What takes the page-table lock is a scheduling point: another process may come in between the driver's
 * last test and the insertion.
 */
function onVma(prototype: string, call: (k: Kernel, vma: Vma) => number): ApiFunction {
  return {
    prototype,
    point: !/ vm_flags_|vma_pages/.test(prototype),
    call: (k) => {
      const vma = vmaArg(k, 0);
      return vma === undefined ? 0 : call(k, vma);
    },
  };
}

/** Frame of page argument `i`; -1 after the run was frozen. */
function pageArg(k: Kernel, i: number): number {
  return indexOf(k, k.argLo[i]!, HandleKind.Page);
}

const VMA = 'struct vm_area_struct *vma';

/** Insertion of a leaf over vmf->address. huge_fault for a PUD has no vmf->pmd: there is no table yet that it could be in. */
function leaf(prototype: string, level: number): ApiFunction {
  return {
    prototype,
    point: true,
    leaves: true,
    call: (k) => {
      const at = indexOf(k, k.argLo[0]!, HandleKind.Vmf);
      if (at < 0) return 0;
      if (level === Level.Pmd && k.w[at + VMF.LEVEL] === Level.Pud) {
        k.undefinedBehaviour(Undefined.BadPointer);
        return 0;
      }
      const vma = k.vmas[k.w[at + VMF.VMA]!]!;
      return vmfInsertPfnLeaf(k, vma, k.w[at + VMF.PG]!, pfnArg(k, 1), k.argLo[2] !== 0, level);
    },
  };
}

/** Prototypes in 7.2's spelling, implementations for every release. */
export const DRIVER_MM: Readonly<Record<string, ApiFunction>> = {
  remap_pfn_range: onVma(
    `int remap_pfn_range(${VMA}, unsigned long addr, unsigned long pfn, unsigned long size, pgprot_t prot)`,
    (k, vma) => remapPfnRange(k, vma, num(k, 1), pfnArg(k, 2), num(k, 3), k.argLo[4]!),
  ),
  io_remap_pfn_range: onVma(
    `int io_remap_pfn_range(${VMA}, unsigned long addr, unsigned long pfn, unsigned long size, pgprot_t prot)`,
    (k, vma) => remapPfnRange(k, vma, num(k, 1), pfnArg(k, 2), num(k, 3), k.argLo[4]!),
  ),
  vm_iomap_memory: onVma(`int vm_iomap_memory(${VMA}, phys_addr_t start, unsigned long len)`, (k, vma) =>
    vmIomapMemory(k, vma, num(k, 1), num(k, 2)),
  ),
  vmf_insert_pfn: onVma(
    `vm_fault_t vmf_insert_pfn(${VMA}, unsigned long addr, unsigned long pfn)`,
    (k, vma) => vmfInsertPfn(k, vma, num(k, 1), pfnArg(k, 2)),
  ),
  vmf_insert_pfn_prot: onVma(
    `vm_fault_t vmf_insert_pfn_prot(${VMA}, unsigned long addr, unsigned long pfn, pgprot_t prot)`,
    (k, vma) => vmfInsertPfnProt(k, vma, num(k, 1), pfnArg(k, 2), k.argLo[3]!),
  ),
  vmf_insert_mixed: onVma(
    `vm_fault_t vmf_insert_mixed(${VMA}, unsigned long addr, unsigned long pfn)`,
    (k, vma) => vmInsertMixed(k, vma, num(k, 1), pfnArg(k, 2), false),
  ),
  vmf_insert_mixed_mkwrite: onVma(
    `vm_fault_t vmf_insert_mixed_mkwrite(${VMA}, unsigned long addr, unsigned long pfn)`,
    (k, vma) => vmInsertMixed(k, vma, num(k, 1), pfnArg(k, 2), true),
  ),
  vmf_insert_pfn_pmd: leaf(
    'vm_fault_t vmf_insert_pfn_pmd(struct vm_fault *vmf, unsigned long pfn, bool write)',
    Level.Pmd,
  ),
  vmf_insert_pfn_pud: leaf(
    'vm_fault_t vmf_insert_pfn_pud(struct vm_fault *vmf, unsigned long pfn, bool write)',
    Level.Pud,
  ),
  vm_insert_page: onVma(`int vm_insert_page(${VMA}, unsigned long addr, struct page *page)`, (k, vma) => {
    const frame = pageArg(k, 2);
    return frame < 0 ? 0 : vmInsertPage(k, vma, num(k, 1), frame);
  }),
  vmf_insert_page: onVma(
    `vm_fault_t vmf_insert_page(${VMA}, unsigned long addr, struct page *page)`,
    (k, vma) => {
      const frame = pageArg(k, 2);
      return frame < 0 ? 0 : vmfInsertPage(k, vma, num(k, 1), frame);
    },
  ),
  vm_insert_pages: onVma(
    `int vm_insert_pages(${VMA}, unsigned long addr, struct page **pages, unsigned long *num)`,
    (k, vma) => {
      const at = handleIndex(k.argLo[3]!);
      const wide = k.facts.bitsPerLong === 64;
      const n = (wide ? (k.w[at + 1]! >>> 0) * 2 ** 32 : 0) + (k.w[at]! >>> 0);
      return vmInsertPages(k, vma, num(k, 1), pageArray(k, k.argLo[2]!), n, (done) => {
        k.w[at] = n - done;
        if (wide) k.w[at + 1] = 0;
      });
    },
  ),
  vm_map_pages: onVma(`int vm_map_pages(${VMA}, struct page **pages, unsigned long num)`, (k, vma) =>
    vmMapPages(k, vma, pageArray(k, k.argLo[1]!), num(k, 2), false),
  ),
  vm_map_pages_zero: onVma(
    `int vm_map_pages_zero(${VMA}, struct page **pages, unsigned long num)`,
    (k, vma) => vmMapPages(k, vma, pageArray(k, k.argLo[1]!), num(k, 2), true),
  ),
  zap_special_vma_range: onVma(
    `void zap_special_vma_range(${VMA}, unsigned long address, unsigned long size)`,
    (k, vma) => {
      zapSpecialVmaRange(k, vma, num(k, 1), num(k, 2));
      return 0;
    },
  ),
  zap_vma_ptes: onVma(`void zap_vma_ptes(${VMA}, unsigned long address, unsigned long size)`, (k, vma) => {
    zapSpecialVmaRange(k, vma, num(k, 1), num(k, 2));
    return 0;
  }),
  vm_flags_set: onVma(`void vm_flags_set(${VMA}, unsigned long flags)`, (k, vma) => {
    vmFlagsSet(k, vma, k.argLo[1]!);
    return 0;
  }),
  vm_flags_clear: onVma(`void vm_flags_clear(${VMA}, unsigned long flags)`, (k, vma) => {
    vmFlagsClear(k, vma, k.argLo[1]!);
    return 0;
  }),
  vm_flags_mod: onVma(`void vm_flags_mod(${VMA}, unsigned long set, unsigned long clear)`, (k, vma) => {
    vmFlagsSet(k, vma, k.argLo[1]!);
    vmFlagsClear(k, vma, k.argLo[2]!);
    return 0;
  }),
  vma_pages: onVma(`unsigned long vma_pages(${VMA})`, (k, vma) => {
    k.hi = 0;
    return vma.pages;
  }),
  unmap_mapping_range: {
    prototype:
      'void unmap_mapping_range(struct address_space *mapping, loff_t const holebegin, loff_t const holelen, int even_cows)',
    routine: unmapMappingRange,
    point: true,
  },
  generic_access_phys: {
    handler: genericAccessPhysHandler,
    ...onVma(
      `int generic_access_phys(${VMA}, unsigned long addr, void *buf, int len, int write)`,
      (k, vma) => {
        if (k.argLo[3] !== 1) throw new UnknownError('generic_access_phys() of more than a byte');
        const at = indexOf(k, k.argLo[2]!, HandleKind.Data);
        return at < 0 ? 0 : genericAccessByte(k, vma, num(k, 1), at, (k.argLo[4]! & FOLL_WRITE) !== 0);
      },
    ),
  },
  remap_vmalloc_range: onVma(`int remap_vmalloc_range(${VMA}, void *addr, unsigned long pgoff)`, (k, vma) =>
    remapVmallocRange(k, vma, k.argLo[1]!, num(k, 2)),
  ),
  remap_vmalloc_range_partial: onVma(
    `int remap_vmalloc_range_partial(${VMA}, unsigned long uaddr, void *kaddr, unsigned long pgoff, unsigned long size)`,
    (k, vma) => remapVmallocRangePartial(k, vma, num(k, 1), k.argLo[2]!, num(k, 3), num(k, 4)),
  ),
  vm_get_page_prot: {
    prototype: 'pgprot_t vm_get_page_prot(unsigned long vm_flags)',
    call: (k) => vmGetPageProt(k.argLo[0]!),
  },
  pgprot_decrypted: { prototype: 'pgprot_t pgprot_decrypted(pgprot_t prot)', call: (k) => k.argLo[0]! },
};
