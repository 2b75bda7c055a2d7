/** Conversions: implicit as by assignment, and explicit casts. */
import type { Span } from '../diagnostics.js';
import type { TypedExpr } from '../typed.js';
import * as T from '../types.js';
import type { CType, DataModel, PointerType } from '../types.js';
import { cast, constant, isConstant } from './fold.js';
import type { Reporter } from './reporter.js';

/** Whether an expression is a null pointer constant. */
export function isNull(e: TypedExpr): boolean {
  return (
    isConstant(e) &&
    e.value === 0n &&
    (e.type.kind === 'int' || (e.type.kind === 'pointer' && e.type.to.kind === 'void'))
  );
}

export class Conversions {
  constructor(
    readonly model: DataModel,
    readonly reporter: Reporter,
  ) {}

  /** Converts as if by assignment; `what` begins the message if that cannot be: `argument 2 of \`f\``. */
  assign(e: TypedExpr, type: CType, what: string, at: Span = e.span): TypedExpr {
    const from = e.type;
    if (type.kind === 'int' && from.kind === 'int') return cast(e, type);
    if (type.kind === 'pointer' && isNull(e)) return constant(0n, type, e.span);
    if (type.kind === 'pointer' && from.kind === 'pointer') return this.#pointer(e, from, type, what, at);
    if (isBool(type) && from.kind === 'pointer') return cast(e, type);
    if (type.kind === 'struct' && from === type) return e;
    return this.mismatch(from, type, what, at);
  }

  #pointer(e: TypedExpr, from: PointerType, to: PointerType, what: string, at: Span): TypedExpr {
    if (from.user !== to.user) {
      return this.reporter.fail(
        'PFN1108',
        `${what}: a ${space(from)} pointer where a ${space(to)} pointer is needed`,
        at,
        {
          expected: `\`${T.typeName(to)}\`, found \`${T.typeName(from)}\``,
          suggestion: from.user
            ? 'copy_from_user() or get_user() brings user data into the kernel'
            : '`__user` marks pointers that came from user space',
        },
      );
    }
    if (e.kind === 'function' && to.to.kind === 'function') return this.#function(e, to, what, at);
    if (from.to.kind === 'void' || to.to.kind === 'void' || T.sameType(from.to, to.to)) return cast(e, to);
    return this.mismatch(from, to, what, at);
  }

  #function(e: TypedExpr, to: PointerType, what: string, at: Span): TypedExpr {
    const from = e.type as PointerType;
    if (T.sameType(from.to, to.to)) return { ...e, type: to };
    const name = e.kind === 'function' ? e.name : '';
    return this.reporter.fail('PFN1129', `${what}: \`${name}\` has another signature`, at, {
      expected: `\`${T.typeName(to.to, name)}\`, found \`${T.typeName(from.to, name)}\``,
    });
  }

  /** Reports that a value of one type stands where another is needed. */
  mismatch(from: CType, to: CType, what: string, at: Span): never {
    const extra = { expected: `\`${T.typeName(to)}\`, found \`${T.typeName(from)}\`` };
    if (from.kind === 'void') return this.reporter.fail('PFN1113', `${what}: this has no value`, at, extra);
    const userPair = (p: CType, i: CType): boolean => p.kind === 'pointer' && p.user && i.kind === 'int';
    const suggestion =
      userPair(from, to) || userPair(to, from)
        ? { suggestion: `a cast says that it is meant: \`(${T.typeName(to)})\`` }
        : {};
    return this.reporter.fail('PFN1108', `${what}: incompatible type`, at, { ...extra, ...suggestion });
  }

  /** `(type) e`. */
  explicit(e: TypedExpr, type: CType, at: Span): TypedExpr {
    const from = e.type;
    if (type.kind === 'void') return { kind: 'cast', operand: e, type, span: at };
    if (type.kind === 'int' && from.kind === 'int') return { ...cast(e, type), span: at };
    if (type.kind === 'pointer' && from.kind === 'pointer') return this.#explicitPointer(e, from, type, at);
    if (type.kind === 'pointer' && isNull(e)) return constant(0n, type, at);
    if (type.kind === 'pointer' && from.kind === 'int') return this.#pointerInteger(e, type, from, type, at);
    if (type.kind === 'int' && from.kind === 'pointer') {
      return isBool(type) ? cast(e, type) : this.#pointerInteger(e, from, type, type, at);
    }
    if (type.kind === 'struct' && from === type) return e;
    return this.reporter.fail(
      'PFN1113',
      `\`${T.typeName(from)}\` cannot be cast to \`${T.typeName(type)}\``,
      at,
    );
  }

  #explicitPointer(e: TypedExpr, from: PointerType, to: PointerType, at: Span): TypedExpr {
    if (from.user !== to.user && !isNull(e)) {
      return this.reporter.fail(
        'PFN1109',
        `a ${space(from)} pointer cannot be cast to a ${space(to)} pointer`,
        at,
        {
          suggestion: 'use copy_from_user(), copy_to_user(), get_user() or put_user()',
        },
      );
    }
    if (from.to.kind === 'function' || to.to.kind === 'function') {
      return this.reporter.fail('PFN1029', 'function pointers cannot be cast', at);
    }
    return { ...cast(e, to), span: at };
  }

  /** Between a pointer and an integer: user pointers and integers of their width only. */
  #pointerInteger(e: TypedExpr, pointer: PointerType, integer: T.IntType, to: CType, at: Span): TypedExpr {
    if (!pointer.user) {
      return this.reporter.fail('PFN1109', 'only user pointers can be cast to integers and back', at, {
        notes: [
          {
            message: `\`${T.typeName(pointer)}\` is a handle of a kernel object: it has no numeric value in the model`,
          },
        ],
        ...(to.kind === 'pointer' ? { suggestion: 'is it a user pointer? Then write `__user`' } : {}),
      });
    }
    if (integer.bits !== T.ulongType(this.model).bits && !isConstant(e)) {
      return this.reporter.fail('PFN1109', `\`${T.typeName(integer)}\` is not as wide as a pointer`, at, {
        expected: '`unsigned long`',
      });
    }
    if (isConstant(e) && to.kind === 'pointer') {
      return constant(BigInt.asUintN(T.ulongType(this.model).bits, e.value), to, at);
    }
    return { ...cast(e, to), span: at };
  }
}

function isBool(type: CType): boolean {
  return type.kind === 'int' && type.rank === 0;
}

function space(p: PointerType): string {
  return p.user ? 'user' : 'kernel';
}
