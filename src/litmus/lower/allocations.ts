/** Sizes of allocations. */
import type { TypedExpr } from '../../c/typed.js';
import { combined, operand, type Operand } from './code.js';
import { byteSize, wordsOfType } from './layout.js';
import type { Lowering } from './lowering.js';
import { constantValue } from './values.js';

type Call = TypedExpr & { kind: 'call' };

/**
 * kzalloc() counts bytes, the world words: of an allocation whose result becomes a `T *`, the size is taken in units of T.
 * @returns the first argument in words, if the call allocates
 */
export function allocatedWords(fn: Lowering, e: Call): Operand | undefined {
  if (e.callee.name !== 'kzalloc' && e.callee.name !== 'kmalloc') return undefined;
  const size = e.args[0]!;
  const type = fn.allocates.get(e);
  const [bytes, words] = type ? [byteSize(type, fn.model), wordsOfType(type, fn.model)] : [1, 1];
  if (size.kind === 'constant') {
    return operand(constantValue(BigInt(Math.ceil(Number(size.value) / bytes) * words), true));
  }
  const value = fn.value(size);
  return combined(
    (k, f) => {
      const n = Math.ceil((value.ev(k, f) >>> 0) / bytes) * words;
      k.hi = 0;
      return n | 0;
    },
    [value],
  );
}
