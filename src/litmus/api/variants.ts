/** Locks and allocations under other names: what differs is of no meaning to the model. */
import type { ApiFunction } from './define.js';
import { macro } from './expansion.js';

/** A lock that could be given up for a signal; none arrives, for who is killed is killed between steps. */
const takes = (name: string): ApiFunction => macro(1, (c, lock) => c.comma(c.call(name, lock), 0));

/** Another name; arguments beyond what it takes are dropped. */
const as = (name: string, parameters = 1, taken = parameters): ApiFunction =>
  macro(parameters, (c, ...args) => c.call(name, ...args.slice(0, taken)));

/** Interrupts run no driver code here. */
const LOCKS: Readonly<Record<string, ApiFunction>> = {
  mutex_lock_interruptible: takes('mutex_lock'),
  mutex_lock_killable: takes('mutex_lock'),
  mutex_lock_nested: as('mutex_lock', 2, 1),
  down_read_interruptible: takes('down_read'),
  down_read_killable: takes('down_read'),
  down_write_killable: takes('down_write'),
  spin_lock_irq: as('spin_lock'),
  spin_unlock_irq: as('spin_unlock'),
  spin_lock_bh: as('spin_lock'),
  spin_unlock_bh: as('spin_unlock'),
  spin_lock_irqsave: macro(2, (c, lock, flags) => c.comma(c.assign(flags, 0), c.call('spin_lock', lock))),
  spin_unlock_irqrestore: as('spin_unlock', 2, 1),
};

/** An array of `n` times `size` bytes: NULL if the product wraps around. */
const array = (name: string): ApiFunction =>
  macro(3, (c, n, size, gfp) => {
    const [count, bytes] = [c.cast('unsigned long', n), c.cast('unsigned long', size)];
    const fits = c.binary(c.binary(count, '*', bytes), '/', c.binary(bytes, '|', c.binary(bytes, '==', 0)));
    return c.conditional(
      c.binary(c.binary(fits, '==', count), '||', c.binary(bytes, '==', 0)),
      c.call(name, c.binary(count, '*', size), gfp),
      'NULL',
    );
  });

const ALLOCATIONS: Readonly<Record<string, ApiFunction>> = {
  kcalloc: array('kzalloc'),
  kmalloc_array: array('kmalloc'),
  kvcalloc: array('kzalloc'),
  kvmalloc_array: array('kmalloc'),
  kvzalloc: as('kzalloc', 2),
  kvmalloc: as('kmalloc', 2),
  kvfree: as('kfree'),
  kfree_sensitive: as('kfree'),
};

const OTHERS: Readonly<Record<string, ApiFunction>> = {
  smp_store_release: macro(2, (c, p, value) => c.call('WRITE_ONCE', c.at(p), value)),
  smp_load_acquire: macro(1, (c, p) => c.call('READ_ONCE', c.at(p))),
  kmap: as('kmap_local_page'),
  kmap_atomic: as('kmap_local_page'),
  kunmap_atomic: as('kunmap_local'),
  div_u64: macro(2, (c, n, d) => c.binary(c.cast('u64', n), '/', c.cast('u32', d))),
  div64_u64: macro(2, (c, n, d) => c.binary(c.cast('u64', n), '/', c.cast('u64', d))),
  vmf_error: macro(1, (c, error) =>
    c.cast(
      'vm_fault_t',
      c.conditional(c.binary(c.binary(0, '-', 'ENOMEM'), '==', error), 'VM_FAULT_OOM', 'VM_FAULT_SIGBUS'),
    ),
  ),
  access_ok: macro(2, (c, p, n) => c.comma(c.comma(p, n), 1)),
  dma_alloc_attrs: as('dma_alloc_coherent', 5, 4),
  dma_alloc_wc: as('dma_alloc_coherent', 4),
  dma_free_attrs: as('dma_free_coherent', 5, 4),
  dma_free_wc: as('dma_free_coherent', 4),
  dma_mmap_attrs: as('dma_mmap_coherent', 6, 5),
  dma_mmap_wc: as('dma_mmap_coherent', 5),
  nonseekable_open: macro(2, (c) => c.number(0)),
  file_inode: macro(1, (c, file) => c.member(file, 'f_inode')),
  unmap_mapping_pages: macro(4, (c, mapping, start, pages, evenCows) =>
    c.call(
      'unmap_mapping_range',
      mapping,
      c.binary(c.cast('loff_t', start), '<<', 'PAGE_SHIFT'),
      c.binary(c.cast('loff_t', pages), '<<', 'PAGE_SHIFT'),
      evenCows!,
    ),
  ),
};

/** By name. */
export const VARIANTS: Readonly<Record<string, ApiFunction>> = { ...LOCKS, ...ALLOCATIONS, ...OTHERS };
