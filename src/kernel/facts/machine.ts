import { archNumber, byReleaseOn, byReleaseWhere, constant, follows, trait } from './define.js';

/** What the architecture and the configuration are (catalogue E, and Debian's kernel configurations). */
export const machineFacts = {
  bitsPerLong: archNumber((a) => a.bitsPerLong, {
    doc: 'Bits of long, unsigned long and pointers.',
    source: 'arch/*/Kconfig:64BIT',
    catalogue: 'E.2-E.4, E.7',
  }),
  pfnBits: archNumber((a) => a.physAddrBits - a.pageShift, {
    doc: 'Bits of the largest page frame number an entry can hold.',
    source: 'arch/*/include/asm/pgtable*.h',
    catalogue: 'E.2-E.4, E.7',
  }),
  physAddrTBits: archNumber((a) => a.physAddrT, {
    doc: 'Bits of phys_addr_t.',
    source: 'include/linux/types.h:PHYS_ADDR_T_64BIT',
    catalogue: 'E.4',
  }),
  taskSize: archNumber((a) => a.taskSize, {
    doc: 'First address behind those of user space, in bytes: TASK_SIZE with the usual split of a 32-bit space.',
    source: 'arch/*/include/asm/processor.h:TASK_SIZE, arch/x86/include/asm/page_64_types.h:TASK_SIZE_MAX',
    catalogue: 'E.2-E.4, E.7',
  }),
  noncachedMode: archNumber((a) => a.noncached, {
    doc: 'Memory type (CacheMode) that pgprot_noncached() gives.',
    source: 'arch/*/include/asm/pgtable*.h:pgprot_noncached',
    catalogue: 'C.5',
  }),
  writecombineMode: archNumber((a) => a.writecombine, {
    doc: 'Memory type (CacheMode) that pgprot_writecombine() gives.',
    source: 'arch/*/include/asm/pgtable*.h:pgprot_writecombine',
    catalogue: 'C.5',
  }),
  pgprotAddsCacheBits: byReleaseOn(['x86_64'], [true, true, true], {
    doc: 'pgprot_noncached() and pgprot_writecombine() add bits to those of the type before: both together are uc.',
    source: 'arch/x86/include/asm/pgtable.h:pgprot_noncached, arch/x86/mm/pat/memtype.c:pgprot_writecombine',
    catalogue: 'C.5',
  }),
  modifyTakesMemtype: byReleaseOn(['arm64', 'riscv64', 'ppc64', 'xtensa'], [true, true, true], {
    doc: "pte_modify() gives the entry the memory type of vm_page_prot, too: mprotect() undoes a driver's that stands in entries only.",
    source:
      'arch/arm64/include/asm/pgtable.h:pte_modify, arch/{riscv,powerpc,xtensa}/include/asm: _PAGE_CHG_MASK',
    catalogue: 'C.7, F-13',
  }),
  zoneDeviceMode: constant<number>(0, {
    doc: 'Memory type (CacheMode) that memremap_pages() reserved for device regions (x86): that of the MTRRs, 0 (wb) for persistent memory.',
    source: 'mm/memremap.c:pagemap_range',
    catalogue: 'B.9',
  }),
  pteSpecial: trait('pteSpecial', {
    doc: 'PTEs have a special bit (ARCH_HAS_PTE_SPECIAL): it decides what is raw, the linear rule is never asked.',
    source: 'arch/*/Kconfig:ARCH_HAS_PTE_SPECIAL',
    evidence: 'measured',
    catalogue: 'E.1',
  }),
  pmdPfnmap: trait('pmdPfnmap', {
    doc: 'PMD leaves have a special bit (ARCH_SUPPORTS_PMD_PFNMAP).',
    source: 'mm/Kconfig:ARCH_SUPPORTS_PMD_PFNMAP',
    evidence: 'measured',
    catalogue: 'E.1',
  }),
  pudPfnmap: trait('pudPfnmap', {
    doc: 'PUD leaves have a special bit (ARCH_SUPPORTS_PUD_PFNMAP).',
    source: 'mm/Kconfig:ARCH_SUPPORTS_PUD_PFNMAP',
    catalogue: 'E.1',
  }),
  pfnmapTracking: trait('pfnmapTracking', {
    doc: 'remap_pfn_range() reserves the memory type of what it maps (x86 PAT).',
    source: 'arch/x86/mm/pat/memtype.c',
    evidence: 'measured',
    catalogue: 'B.9',
  }),
  ioremapProt: trait('ioremapProt', {
    doc: 'CONFIG_HAVE_IOREMAP_PROT: ptrace and /proc/pid/mem fall back to vm_ops->access.',
    source: 'mm/memory.c:__access_remote_vm',
    evidence: 'measured',
    catalogue: 'D.3',
  }),
  charSigned: trait('charSigned', {
    doc: 'Plain char of user programs is signed (the ABI of the architecture).',
    source: 'arch/*/Makefile:KBUILD_CFLAGS',
    catalogue: 'E.2-E.4, E.7',
  }),
  kernelCharSigned: byReleaseWhere('charSigned', [true, false, false], {
    doc: 'Plain char of kernel code is signed; from 6.2 on kernels are built with -funsigned-char.',
    source: 'Makefile:KBUILD_CFLAGS',
    catalogue: 'E.2-E.4, E.7',
  }),
  ioremapRefusesRam: trait('ioremapRefusesRam', {
    doc: 'ioremap of a RAM frame warns and fails, so generic_access_phys() cannot read one.',
    source: 'arch/x86/mm/ioremap.c:__ioremap_caller, arch/arm64/mm/ioremap.c',
    evidence: 'measured',
    catalogue: 'D.3',
  }),
  ioremapTakesReserved: follows((f) => f['pfnmapTracking'] === true, {
    doc: 'ioremap takes frames whose struct page is reserved for device memory (x86).',
    source: 'arch/x86/mm/ioremap.c:__ioremap_check_ram',
    catalogue: 'D.3',
  }),
  poisonIsSigsegv: trait('poisonIsSigsegv', {
    doc: 'An access for which a handler answers VM_FAULT_HWPOISON is SIGSEGV; elsewhere it is SIGBUS.',
    source: 'arch/arm/mm/fault.c:do_page_fault',
    evidence: 'measured',
    catalogue: 'C.2',
  }),
  ksm: trait('ksm', {
    doc: 'CONFIG_KSM: without it MADV_MERGEABLE and MADV_UNMERGEABLE are unknown advice.',
    source: 'mm/madvise.c:madvise_behavior_valid',
    evidence: 'measured',
    catalogue: 'C.11',
  }),
  thp: trait('thp', {
    doc: 'CONFIG_TRANSPARENT_HUGEPAGE.',
    source: 'arch/*/Kconfig:HAVE_ARCH_TRANSPARENT_HUGEPAGE',
    catalogue: 'E.1',
  }),
  thpPud: trait('thpPud', {
    doc: 'CONFIG_HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD.',
    source: 'arch/*/Kconfig:HAVE_ARCH_TRANSPARENT_HUGEPAGE_PUD',
    catalogue: 'E.1',
  }),
  perVmaLock: trait('perVmaLock', {
    doc: 'CONFIG_PER_VMA_LOCK: page faults try the lock of the VMA first.',
    source: 'mm/Kconfig:PER_VMA_LOCK',
    evidence: 'measured',
    catalogue: 'B.2',
  }),
  softDirty: trait('softDirty', {
    doc: 'CONFIG_MEM_SOFT_DIRTY: new VMAs and moved entries are marked soft-dirty.',
    source: 'arch/*/Kconfig:HAVE_ARCH_SOFT_DIRTY',
    catalogue: 'E.2',
  }),
  hwDirtyBit: trait('hwDirtyBit', {
    doc: 'A store through a writable clean entry needs no fault; arm64 without DBM and riscv64 without Svadu need one.',
    source: 'arch/um/include/asm/pgtable.h:pte_mkclean, arch/arm/mm/proc-v7-2level.S:cpu_v7_set_pte_ext',
    evidence: 'measured',
    catalogue: 'C.2',
  }),
  l1tf: trait('l1tf', {
    doc: 'The CPU has the L1TF bug: PROT_NONE entries of high frames without struct page are refused.',
    source: 'arch/x86/mm/mmap.c:pfn_modify_allowed',
    catalogue: 'B.9, E.2',
  }),
  haveGupFast: trait('haveGupFast', {
    doc: 'HAVE_GUP_FAST (6.1: HAVE_FAST_GUP): page tables can be walked without a lock.',
    source: 'arch/*/Kconfig:HAVE_GUP_FAST',
    catalogue: 'D.2',
  }),
  gupFast: follows((f) => f['haveGupFast'] === true && f['pteSpecial'] === true, {
    doc: 'The lockless lookup handles PTEs; without a special bit it always gives up.',
    source: 'mm/gup.c:gup_fast_pte_range',
    evidence: 'measured',
    catalogue: 'D.2',
  }),
  modifyKeepsSpecial: byReleaseOn(
    ['mips64'],
    [false, true, true],
    {
      doc: 'pte_modify() keeps the special bit; where it does not, mprotect() turns raw entries into ordinary ones.',
      source: 'arch/mips/include/asm/pgtable-bits.h:_PAGE_CHG_MASK',
      catalogue: 'E.5, H-10',
    },
    [true, true, true],
  ),
  zeroPages: archNumber((a) => a.zeroPages ?? 1, {
    doc: 'Zero pages, a power of 2: s390 has 4 to 128 by its memory, mips 8 where caches alias; the address chooses.',
    source: 'arch/s390/mm/init.c:setup_zero_pages, arch/mips/mm/init.c:setup_zero_pages',
    catalogue: 'A.6, F-40',
  }),
  mmForbidsZeropage: constant(false, {
    doc: 'The mm must not have zero pages, as those of s390 guests with storage keys: read faults allocate.',
    source: 'arch/s390/include/asm/pgtable.h:mm_forbids_zeropage',
    catalogue: 'A.6, B.6',
  }),
  debugVm: constant(false, {
    doc: 'CONFIG_DEBUG_VM: VM_WARN_ON and VM_BUG_ON are active.',
    source: 'include/linux/mmdebug.h',
    evidence: 'measured',
    catalogue: 'A.2',
  }),
  strictThp: constant(false, {
    doc: 'THP is enabled by madvise only (/sys/kernel/mm/transparent_hugepage/enabled).',
    source: 'mm/huge_memory.c:__thp_vma_allowable_orders',
    catalogue: 'B.8',
  }),
  swap: constant(true, {
    doc: 'CONFIG_SWAP: MADV_WILLNEED without a file succeeds.',
    source: 'mm/madvise.c:madvise_willneed',
    catalogue: 'C.11',
  }),
};
