/** Which expressions are closures alone, and which emit instructions. */
import type { LValue, TypedExpr } from '../../c/typed.js';

/** Whether computing an expression takes instructions of its own: it has effects, or is a scheduling point. */
export function needsCode(e: TypedExpr): boolean {
  switch (e.kind) {
    case 'assign':
    case 'update':
    case 'call':
      return true;
    case 'load':
      return placeNeedsCode(e.from, true);
    case 'address':
      return placeNeedsCode(e.of, false);
    case 'containerOf':
      return needsCode(e.pointer);
    case 'unary':
    case 'not':
    case 'cast':
      return needsCode(e.operand);
    case 'binary':
    case 'compare':
    case 'logical':
    case 'comma':
    case 'pointerDifference':
      return needsCode(e.left) || needsCode(e.right);
    case 'pointerStep':
      return needsCode(e.pointer) || needsCode(e.index);
    case 'conditional':
      return !e.then || needsCode(e.test) || needsCode(e.then) || needsCode(e.otherwise);
    default:
      return false;
  }
}

function placeNeedsCode(place: LValue, accessed: boolean): boolean {
  switch (place.kind) {
    case 'local':
      return false;
    case 'global':
      return accessed && !place.variable.const;
    case 'deref':
      return accessed || needsCode(place.pointer);
    case 'member':
      if (place.struct.origin === 'kernel' && place.object.kind === 'deref')
        return needsCode(place.object.pointer);
      return placeNeedsCode(place.object, accessed);
    case 'element':
      return needsCode(place.index) || placeNeedsCode(place.array, accessed);
  }
}
