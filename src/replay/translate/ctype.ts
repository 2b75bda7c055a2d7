/** Types of the typed tree, spelt in C. */
import type { CType } from '../../c/types.js';
import { Untranslatable } from './unsupported.js';

/** A declaration of `inner` with a type: `cType(pointerTo(CHAR), 'p')` is `char *p`. */
export function cType(type: CType, inner = ''): string {
  const join = (base: string): string => (inner === '' ? base : `${base} ${inner}`);
  switch (type.kind) {
    case 'void':
      return join('void');
    case 'int':
      return join(type.name);
    case 'pointer': {
      const nested = type.to.kind === 'array' || type.to.kind === 'function' ? `(*${inner})` : `*${inner}`;
      return cType(type.to, nested);
    }
    case 'array':
      return cType(type.of, `${inner}[${type.length}]`);
    default:
      throw new Untranslatable('a thread has variables of struct type');
  }
}
