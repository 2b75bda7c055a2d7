/** Arrays of `struct page *` that drivers hand to the core. */
import type { Kernel } from '../../kernel.js';
import { HandleKind, handleIndex, handleKind } from '../../handle.js';
import { Scalar } from '../../object-shape.js';
import { reach } from '../../objects.js';
import { UnknownError } from '../../routine.js';
import { NO_PAGE } from '../page_alloc.js';
import type { PageArray } from './insert.js';

/** Reads the driver's array at handle `h`. Reading beyond its object freezes the run. */
export function pageArray(k: Kernel, h: number): PageArray {
  if (handleKind(h) !== HandleKind.Data)
    throw new UnknownError('an array of pages that is no object of the driver');
  const at = handleIndex(h);
  return (i) => {
    const word = reach(k, at, (i * k.facts.bitsPerLong) / 8, Scalar.Pointer);
    const page = k.w[word] ?? 0;
    return handleKind(page) === HandleKind.Page ? handleIndex(page) : NO_PAGE;
  };
}
