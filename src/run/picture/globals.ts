/** What the driver remembers in its globals. */
import type { CType } from '../../c/types.js';
import type { Kernel } from '../../kernel/kernel.js';
import { frameName } from '../changes.js';
import type { Compiled } from '../boot.js';
import type { Variable } from '../../litmus/lower/contract.js';
import { pointerText } from './names.js';
import type { GlobalPicture } from './types.js';

const LOCKS = /^(mutex|rw_semaphore|spinlock|raw_spinlock)$/;
const COUNTERS = /^(atomic_t|refcount_t|atomic64_t|kref)$/;

/** Numbers, pointers, locks and counters, by name; the parts of structs and arrays, too. */
export function globalPictures(c: Compiled, k: Kernel): GlobalPicture[] {
  return [...c.lowered.globals].flatMap(([name, variable]) => {
    const value = valueText(c, k, variable);
    return value === undefined ? [] : [{ name, value }];
  });
}

function valueText(c: Compiled, k: Kernel, { type, word, words }: Variable): string | undefined {
  const at = k.layout.globals + word;
  const lo = k.w[at]!;
  if (type.kind === 'pointer') return pointerText(c, k, lo);
  if (type.kind === 'int') return numberText(k, type, lo, words === 2 ? k.w[at + 1]! : 0);
  if (type.kind !== 'struct') return undefined;
  if (COUNTERS.test(nameOf(type))) return String(lo);
  if (LOCKS.test(nameOf(type))) return lo === 0 ? 'free' : lo > 0 ? `held by ${lo} readers` : 'held';
  return undefined;
}

function nameOf(type: CType & { kind: 'struct' }): string {
  return (type.spelling ?? type.tag).replace(/^struct /, '');
}

/** A number that is a frame's tells its name, too. */
function numberText(k: Kernel, type: CType & { kind: 'int' }, lo: number, hi: number): string {
  const raw = (BigInt(hi) << 32n) | BigInt(lo >>> 0);
  const value = type.signed ? BigInt.asIntN(type.bits, raw) : BigInt.asUintN(type.bits, raw);
  const pfn = Number(value);
  const frame = value > 0n && value <= BigInt(Number.MAX_SAFE_INTEGER) ? k.mem.frame(pfn) : -1;
  if (type.bits < 32 || frame < 0 || k.mem.isZeroFrame(frame)) return String(value);
  return `0x${pfn.toString(16)} (${frameName(k, pfn)})`;
}
