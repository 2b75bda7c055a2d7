/**
 * Reads types and prototypes from the text of an environment: a small recursive parser, because tree-sitter would take longer
 * to load than all of them take to read. Environments are trusted: a mistake in one is a plain Error.
 */
import { builtinType, pointerTo, type CType, type DataModel, type FunctionType } from './types.js';

/** How names in type texts are resolved. */
export interface TypeResolver {
  readonly model: DataModel;
  /** Every pointer is a user pointer. */
  readonly allUser: boolean;
  struct(tag: string): CType;
  typedef(name: string): CType | undefined;
}

const TOKEN = /\s*([A-Za-z_]\w*|\d+|\.\.\.|[*(),[\]])/y;
const BUILTIN = /^(void|char|short|int|long|signed|unsigned|bool|_Bool)$/;
const IGNORED = /^(extern|static|inline|__iomem|volatile|restrict)$/;

class Reader {
  readonly #tokens: string[] = [];
  #at = 0;

  constructor(
    readonly text: string,
    readonly resolver: TypeResolver,
  ) {
    TOKEN.lastIndex = 0;
    for (let m = TOKEN.exec(text); m; m = TOKEN.exec(text)) this.#tokens.push(m[1]!);
  }

  /** specifiers declarator */
  declaration(): { name?: string; type: CType } {
    const { type, isConst, user } = this.#specifiers();
    return this.#declarator(type, isConst, user);
  }

  end(): void {
    if (this.#at < this.#tokens.length) this.#fail();
  }

  #fail(): never {
    throw new Error(`environment: cannot read \`${this.text}\` at \`${this.#tokens[this.#at] ?? 'end'}\``);
  }

  #accept(token: string): boolean {
    if (this.#tokens[this.#at] !== token) return false;
    this.#at += 1;
    return true;
  }

  #expect(token: string): void {
    if (!this.#accept(token)) this.#fail();
  }

  #specifiers(): { type: CType; isConst: boolean; user: boolean } {
    const words: string[] = [];
    let type: CType | undefined;
    let isConst = false;
    let user = false;
    for (let token = this.#tokens[this.#at]; token !== undefined; token = this.#tokens[this.#at]) {
      if (token === 'const') isConst = true;
      else if (token === '__user') user = true;
      else if (token === 'struct') type = this.resolver.struct(this.#tokens[++this.#at]!);
      else if (BUILTIN.test(token)) words.push(token);
      else if (!IGNORED.test(token)) {
        if (type || words.length > 0) break;
        type = this.resolver.typedef(token);
        if (!type) this.#fail();
      }
      this.#at += 1;
    }
    type ??= builtinType(words, this.resolver.model);
    return type ? { type, isConst, user } : this.#fail();
  }

  #declarator(base: CType, isConst: boolean, user: boolean): { name?: string; type: CType } {
    let type = base;
    let toConst = isConst;
    let marked = user;
    while (this.#accept('*')) {
      while (this.#accept('__user')) marked = true;
      type = pointerTo(type, marked || this.resolver.allUser, toConst);
      toConst = false;
      marked = false;
      while (this.#accept('const')) toConst = true;
      while (this.#accept('__user')) marked = true;
    }
    if (this.#tokens[this.#at] === '(' && this.#tokens[this.#at + 1] === '*')
      return this.#functionPointer(type);
    const token = this.#tokens[this.#at];
    const name = token !== undefined && /^[A-Za-z_]/.test(token) ? token : undefined;
    if (name !== undefined) this.#at += 1;
    return { ...(name !== undefined ? { name } : {}), type: this.#suffix(type) };
  }

  #functionPointer(result: CType): { name?: string; type: CType } {
    this.#expect('(');
    this.#expect('*');
    const token = this.#tokens[this.#at]!;
    const name = token === ')' ? undefined : token;
    if (name !== undefined) this.#at += 1;
    this.#expect(')');
    return { ...(name !== undefined ? { name } : {}), type: pointerTo(this.#parameters(result), false) };
  }

  #suffix(type: CType): CType {
    if (this.#tokens[this.#at] === '(') return this.#parameters(type);
    if (!this.#accept('[')) return type;
    const length = Number(this.#tokens[this.#at++]);
    this.#expect(']');
    return { kind: 'array', of: this.#suffix(type), length };
  }

  #parameters(result: CType): FunctionType {
    this.#expect('(');
    const parameters: { name?: string; type: CType }[] = [];
    let variadic = false;
    while (!this.#accept(')')) {
      if (parameters.length > 0 || variadic) this.#expect(',');
      if (this.#accept('...')) variadic = true;
      else if (this.#tokens[this.#at] === 'void' && this.#tokens[this.#at + 1] === ')') this.#at += 1;
      else parameters.push(this.declaration());
    }
    return { kind: 'function', result, parameters, variadic };
  }
}

/** Reads a type: `unsigned long`, `int (*)(struct file *)`, `char [4]`. */
export function readType(text: string, resolver: TypeResolver): CType {
  const reader = new Reader(text, resolver);
  const { type } = reader.declaration();
  reader.end();
  return type;
}

/** Reads a prototype: `int remap_pfn_range(struct vm_area_struct *vma, unsigned long addr)`. */
export function readPrototype(text: string, resolver: TypeResolver): { name: string; type: FunctionType } {
  const reader = new Reader(text, resolver);
  const { name, type } = reader.declaration();
  reader.end();
  if (name === undefined || type.kind !== 'function')
    throw new Error(`environment: \`${text}\` is not a prototype`);
  return { name, type };
}
