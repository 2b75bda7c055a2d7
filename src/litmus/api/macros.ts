/** Macros of the kernel that drivers use like functions: typed by their arguments, lowered by name. */
import { INT, pointerTo, type CType } from '../../c/types.js';
import type { ApiFunction } from './define.js';

function wider(args: readonly CType[]): CType | string {
  const [a, b] = args;
  if (a?.kind !== 'int' || b?.kind !== 'int') return 'both arguments must be integers';
  return a.bits > b.bits || (a.bits === b.bits && !a.signed) ? a : b;
}

const minmax = (special: 'min' | 'max'): ApiFunction => ({
  special,
  generic: (args) => {
    if (args.length !== 2) return 'two arguments are needed';
    const type = wider(args);
    return typeof type === 'string' ? type : { result: type, parameters: [type, type] };
  },
});

const userAccess = (special: 'get_user' | 'put_user'): ApiFunction => ({
  special,
  point: true,
  generic: (args) => {
    const [value, at] = args;
    if (args.length !== 2) return 'a value and a user pointer are needed';
    if (at?.kind !== 'pointer' || !at.user) return 'the second argument must be a user pointer';
    if (value?.kind !== 'int') return 'the first argument must be an integer';
    return special === 'get_user'
      ? { result: INT, parameters: [pointerTo(value, false), at], byReference: [0] }
      : { result: INT, parameters: [at.to, at] };
  },
});

/** xchg(p, new), cmpxchg(p, old, new). */
const exchange = (special: 'xchg' | 'cmpxchg'): ApiFunction => ({
  special,
  generic: ([at, ...values]) => {
    const wanted = special === 'xchg' ? 1 : 2;
    if (values.length !== wanted)
      return `a pointer and ${wanted === 1 ? 'a value' : 'two values'} are needed`;
    if (at?.kind !== 'pointer' || at.user) return 'the first argument must be a kernel pointer';
    if (at.to.kind !== 'int' && at.to.kind !== 'pointer') return 'it must point to an integer or a pointer';
    return { result: at.to, parameters: [at, ...values.map(() => at.to)] };
  },
});

/** By name. */
export const DRIVER_MACROS: Readonly<Record<string, ApiFunction>> = {
  min: minmax('min'),
  max: minmax('max'),
  get_user: userAccess('get_user'),
  put_user: userAccess('put_user'),
  xchg: exchange('xchg'),
  cmpxchg: exchange('cmpxchg'),
};
