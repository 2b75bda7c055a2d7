/** Functions of drivers that choose memory types (B.9, C.5). */
import type { Kernel } from '../../kernel/kernel.js';
import { archIoFreeMemtypeWc, archIoReserveMemtypeWc } from '../../kernel/mm/memory/pat.js';
import { cacheMode, withCacheMode } from '../../kernel/pte.js';
import { num, type ApiFunction } from './define.js';

/** A pgprot_*() of a memory type. x86 adds its bits to those that are there, which CacheMode numbers as the hardware does up to uc. */
function pgprotOf(name: string, mode: (k: Kernel) => number): ApiFunction {
  return {
    prototype: `pgprot_t ${name}(pgprot_t prot)`,
    memtypes: true,
    call: (k) => {
      const prot = k.argLo[0]!;
      return withCacheMode(prot, k.facts.pgprotAddsCacheBits ? mode(k) | cacheMode(prot) : mode(k));
    },
  };
}

export const DRIVER_MEMTYPE: Readonly<Record<string, ApiFunction>> = {
  pgprot_noncached: pgprotOf('pgprot_noncached', (k) => k.facts.noncachedMode),
  pgprot_writecombine: pgprotOf('pgprot_writecombine', (k) => k.facts.writecombineMode),
  arch_io_reserve_memtype_wc: {
    prototype: 'int arch_io_reserve_memtype_wc(resource_size_t start, resource_size_t size)',
    memtypes: true,
    point: true,
    call: (k) => archIoReserveMemtypeWc(k, num(k, 0), num(k, 1)),
  },
  arch_io_free_memtype_wc: {
    prototype: 'void arch_io_free_memtype_wc(resource_size_t start, resource_size_t size)',
    memtypes: true,
    point: true,
    call: (k) => {
      archIoFreeMemtypeWc(k, num(k, 0), num(k, 1));
      return 0;
    },
  },
};
