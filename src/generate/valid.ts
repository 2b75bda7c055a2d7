/** Which records make sense. What is left out cannot be written down, or is another record with more words. */
import { hasOperation, type Operation, type TestRecord } from './record.js';

/** Whether a record is a test of its own. */
export function isValid(record: TestRecord): boolean {
  return isMapping(record) && record.ops.every((op, k) => isOperation(record, op, k));
}

function isMapping(r: TestRecord): boolean {
  const remaps = r.call === 'remap' || r.call === 'remap_first';
  const byPage = r.call === 'insert_page' || r.call === 'page';
  return (
    // the driver allocates one page, whose frame the program cannot know
    !(r.kind === 'ram' && (r.pages === 'two' || r.pgoff === 'linear' || r.place === 'prepare')) &&
    !(r.kind === 'mmio' && byPage) &&
    !(r.rival === 'free' && (r.kind !== 'ram' || usesFreed(r))) &&
    !(r.fd === 'rdonly' && r.share === 'shared' && r.prot === 'write') &&
    !(r.call === 'remap_first' && r.pages === 'one') &&
    (r.place === 'fault' ? !remaps : r.call !== 'page') &&
    (r.place !== 'prepare' || (remaps && r.flags === 'none' && r.extra === 'nothing')) &&
    !(r.extra === 'restore_pgoff' && !remaps) &&
    !(r.extra === 'zap' && r.place !== 'mmap') &&
    !(r.extra === 'pfn_mkwrite' && r.share === 'private')
  );
}

/** Its handler would hand out a page that the driver has given back: no machine survives that for long. */
function usesFreed(r: TestRecord): boolean {
  return r.place === 'fault' && (r.call === 'page' || r.call === 'insert_page');
}

function isOperation(r: TestRecord, op: Operation, k: number): boolean {
  const last = k === r.ops.length - 1;
  switch (op.name) {
    case 'load':
    case 'store':
      return op.arg === 'first' || r.pages === 'two';
    case 'munmap':
      return r.pages === 'two' ? true : op.arg === 'all';
    case 'fork':
      if (r.rival !== 'none') return false;
      // there is one child, and after a fork it matters who goes on only if somebody does
      return r.ops.filter(({ name }) => name === 'fork').length === 1 && (op.arg === 'child' || !last);
    case 'mremap':
      return op.arg === 'shrink' ? r.pages === 'two' : op.arg === 'grow' ? r.pages === 'one' : true;
    case 'free':
      return !usesFreed(r) && r.kind === 'ram' && r.ops.filter(({ name }) => name === 'free').length === 1;
    case 'madvise':
      return op.arg === 'dofork' ? hasOperation(r, 'fork') || last : true;
    case 'exit':
      return last && k > 0;
    default:
      return true;
  }
}
