/** What ->mmap_prepare does with its description [7.2]: actions, and flags by their bit numbers (B.11). */
import { HandleKind } from '../../kernel/handle.js';
import type { Kernel } from '../../kernel/kernel.js';
import {
  compatVmaMmap,
  descPages,
  mmapActionIoremap,
  mmapActionIoremapFull,
  mmapActionMapKernelPages,
  mmapActionMapKernelPagesFull,
  mmapActionRemap,
  mmapActionRemapFull,
  mmapActionSimpleIoremap,
} from '../../kernel/mm/mmap_prepare.js';
import { KERNEL_FLAGS } from '../../kernel/flags.js';
import type { Expr } from '../../c/ast.js';
import { num, pfnArg, ret64, type ApiFunction } from './define.js';
import { macro, type Writer } from './expansion.js';
import { indexOf } from './structs.js';

const DESC = 'struct vm_area_desc *desc';

/** An atomic function of a description: `at` is where it lies. */
function onDesc(prototype: string, call: (k: Kernel, at: number) => number | void): ApiFunction {
  return {
    prototype,
    call: (k) => {
      const at = indexOf(k, k.argLo[0]!, HandleKind.Desc);
      return at < 0 ? 0 : (call(k, at) ?? 0);
    },
  };
}

/** By name. */
export const DRIVER_DESC: Readonly<Record<string, ApiFunction>> = {
  mmap_action_remap: onDesc(
    `void mmap_action_remap(${DESC}, unsigned long start, unsigned long start_pfn, unsigned long size)`,
    (k, at) => mmapActionRemap(k, at, num(k, 1), pfnArg(k, 2), num(k, 3)),
  ),
  mmap_action_remap_full: onDesc(`void mmap_action_remap_full(${DESC}, unsigned long start_pfn)`, (k, at) =>
    mmapActionRemapFull(k, at, pfnArg(k, 1)),
  ),
  mmap_action_ioremap: onDesc(
    `void mmap_action_ioremap(${DESC}, unsigned long start, unsigned long start_pfn, unsigned long size)`,
    (k, at) => mmapActionIoremap(k, at, num(k, 1), pfnArg(k, 2), num(k, 3)),
  ),
  mmap_action_ioremap_full: onDesc(
    `void mmap_action_ioremap_full(${DESC}, unsigned long start_pfn)`,
    (k, at) => mmapActionIoremapFull(k, at, pfnArg(k, 1)),
  ),
  mmap_action_simple_ioremap: onDesc(
    `void mmap_action_simple_ioremap(${DESC}, phys_addr_t start_phys_addr, unsigned long size)`,
    (k, at) => mmapActionSimpleIoremap(k, at, num(k, 1), num(k, 2)),
  ),
  mmap_action_map_kernel_pages: onDesc(
    `void mmap_action_map_kernel_pages(${DESC}, unsigned long start, struct page **pages, unsigned long nr_pages)`,
    (k, at) => mmapActionMapKernelPages(k, at, num(k, 1), k.argLo[2]!, num(k, 3)),
  ),
  mmap_action_map_kernel_pages_full: onDesc(
    `void mmap_action_map_kernel_pages_full(${DESC}, struct page **pages)`,
    (k, at) => mmapActionMapKernelPagesFull(k, at, k.argLo[1]!),
  ),
  compat_vma_mmap: {
    prototype: 'int compat_vma_mmap(struct file *file, struct vm_area_struct *vma)',
    routine: compatVmaMmap,
  },
  vma_desc_pages: onDesc(`unsigned long vma_desc_pages(const ${DESC})`, (k, at) =>
    ret64(k, descPages(k, at)),
  ),
  vma_desc_size: onDesc(`unsigned long vma_desc_size(const ${DESC})`, (k, at) =>
    ret64(k, descPages(k, at) * 4096),
  ),
};

/** The flags of bit numbers, or-ed. */
function mask(c: Writer, bits: readonly Expr[]): Expr {
  const flags = bits.map((bit) => c.binary(c.cast('unsigned long', 1), '<<', bit));
  return flags.reduce((all, flag) => c.binary(all, '|', flag));
}

const flagsOf = (c: Writer, desc: Expr): Expr => c.member(desc, 'vm_flags');

/** `include/linux/mm.h`: functions of flags by their bit numbers. */
export const DESC_MACROS: Readonly<Record<string, ApiFunction>> = {
  vma_desc_test: macro(2, (c, desc, bit) =>
    c.binary(c.binary(flagsOf(c, desc), '&', mask(c, [bit])), '!=', 0),
  ),
  vma_desc_test_any: macro(
    2,
    (c, desc, ...bits) => c.binary(c.binary(flagsOf(c, desc), '&', mask(c, bits)), '!=', 0),
    true,
  ),
  vma_desc_test_all: macro(
    2,
    (c, desc, ...bits) => c.binary(c.binary(flagsOf(c, desc), '&', mask(c, bits)), '==', mask(c, bits)),
    true,
  ),
  vma_desc_set_flags: macro(
    2,
    (c, desc, ...bits) => c.assign(flagsOf(c, desc), c.binary(flagsOf(c, desc), '|', mask(c, bits))),
    true,
  ),
  vma_desc_clear_flags: macro(
    2,
    (c, desc, ...bits) => c.assign(flagsOf(c, desc), c.binary(flagsOf(c, desc), '&', c.not(mask(c, bits)))),
    true,
  ),
  vma_desc_is_cow_mapping: macro(1, (c, desc) =>
    c.binary(c.binary(flagsOf(c, desc), '&', c.binary('VM_SHARED', '|', 'VM_MAYWRITE')), '==', 'VM_MAYWRITE'),
  ),
  vma_desc_set_anonymous: macro(1, (c, desc) => c.assign(c.member(desc, 'vm_ops'), 'NULL')),
};

/** VMA_..._BIT: the bit numbers of VM_.... */
export const VMA_BITS: Readonly<Record<string, number>> = Object.fromEntries(
  Object.entries(KERNEL_FLAGS)
    .filter(([name, value]) => name.startsWith('VM_') && !name.startsWith('VM_FAULT_') && isOneBit(value))
    .map(([name, value]) => [`VMA_${name.slice('VM_'.length)}_BIT`, Math.log2(value >>> 0)]),
);

function isOneBit(value: number): boolean {
  return value !== 0 && (value & (value - 1)) === 0;
}
