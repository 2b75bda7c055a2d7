/** Sizes of allocations: kzalloc() counts bytes, the world words, and it wants to know what will lie in them. */
import type { TypedExpr } from '../../c/typed.js';
import type { CType } from '../../c/types.js';
import { combined, operand, type Operand } from './code.js';
import { byteSize, wordsOfType } from './layout.js';
import type { Lowering } from './lowering.js';
import { constantValue } from './values.js';

type Call = TypedExpr & { kind: 'call' };

/** No allocation is larger: the heap's largest capacity is smaller. */
const MAX_WORDS = 0x7fff;

/**
 * The first argument of a call that allocates, as `kzalloc()` of the API takes it: the number of words, and the number of the type
 * in the high word.
 * @returns undefined if the call does not allocate
 */
export function allocatedWords(fn: Lowering, e: Call): Operand | undefined {
  if (e.callee.name !== 'kzalloc' && e.callee.name !== 'kmalloc') return undefined;
  const size = e.args[0]!;
  const type = allocatedType(fn, e, size);
  const [bytes, words] = [byteSize(type, fn.model), wordsOfType(type, fn.model)];
  const number = fn.session.typeNumber(type, e.span);
  const wordsFor = (n: number): number => Math.min(Math.ceil(n / bytes) * words, MAX_WORDS);
  if (size.kind === 'constant') {
    const value = (BigInt(number) << 32n) | BigInt(wordsFor(Number(size.value)));
    return operand(constantValue(value, true));
  }
  const wide = fn.isWide(size.type);
  const value = fn.value(size);
  return combined(
    (k, f) => {
      const lo = value.ev(k, f) >>> 0;
      const n = wide && k.hi !== 0 ? Infinity : lo;
      k.hi = number;
      return wordsFor(n);
    },
    [value],
  );
}

/** What an allocation is for: what its result is converted to, or whose size is asked for. */
function allocatedType(fn: Lowering, e: Call, size: TypedExpr): CType {
  const converted = fn.allocates.get(e);
  const sized = sizedType(size);
  const type = converted && !isBytes(converted) ? converted : (sized ?? converted);
  if (type && type.kind !== 'void' && byteSize(type, fn.model) > 0 && wordsOfType(type, fn.model) > 0)
    return type;
  return fn.session.fail('PFN3011', 'it is not clear what is allocated here', e.span, {
    expected: '`p = kzalloc(sizeof(*p), ...)` with a `p` that points to the type',
  });
}

function isBytes(type: CType): boolean {
  return type.kind === 'void' || (type.kind === 'int' && type.bits === 8);
}

/** The type in `sizeof(T)`, `n * sizeof(T)`. */
function sizedType(size: TypedExpr): CType | undefined {
  switch (size.kind) {
    case 'constant':
      return size.sizeof;
    case 'cast':
      return sizedType(size.operand);
    case 'binary':
      return size.op === '*' ? (sizedType(size.left) ?? sizedType(size.right)) : undefined;
    default:
      return undefined;
  }
}
