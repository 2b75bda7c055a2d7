/** What globals hold before anything runs. */
import type { LValue, TypedExpr } from '../../c/typed.js';
import { handle, HandleKind } from '../../kernel/handle.js';
import { HEAD } from '../../kernel/layout.js';
import { wordsOf } from './int64.js';
import { fieldWord, isTable, isWide, wordsOfType } from './layout.js';
import type { Session } from './session.js';

/** The words of all globals. */
export function initialGlobals(session: Session): Int32Array {
  const words = new Int32Array(session.globalWords);
  for (const g of session.program.globals) {
    if (isTable(g.type)) continue;
    for (const { target, value } of g.init) {
      session.attempt(() => {
        const at = wordOfPlace(session, target);
        const [lo, hi] = wordsOf(staticValue(session, value));
        words[at] = lo;
        if (isWide(target.type, session.model)) words[at + 1] = hi;
      });
    }
  }
  return words;
}

/** The word of a part of a global, from the start of the globals. */
function wordOfPlace(session: Session, place: LValue): number {
  switch (place.kind) {
    case 'global':
      return session.globalOffset(place.variable);
    case 'member':
      return wordOfPlace(session, place.object) + fieldWord(place.struct, place.field, session.model);
    case 'element': {
      const index = place.index.kind === 'constant' ? Number(place.index.value) : 0;
      return wordOfPlace(session, place.array) + index * wordsOfType(place.type, session.model);
    }
    default:
      return session.fail('PFN3003', 'this is not a place in a global object', place.span);
  }
}

function staticValue(session: Session, value: TypedExpr): bigint {
  switch (value.kind) {
    case 'constant':
      return value.value;
    case 'cast':
      return staticValue(session, value.operand);
    case 'address':
      if (value.of.kind === 'global') return BigInt(session.globalHandle(value.of.variable, value.span));
      return BigInt(handle(HandleKind.Data, HEAD.WORDS + wordOfPlace(session, value.of)));
    default:
      return 0n;
  }
}
