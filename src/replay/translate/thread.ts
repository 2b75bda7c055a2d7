/**
 * Threads become C functions of a user program. They are written from the typed tree, so that promotions, conversions and the
 * order of evaluation are the model's; every access through a pointer is a step of the harness, and locals lie in shared memory.
 */
import type { LValue, LocalVariable, TypedExpr, TypedFunction, TypedStatement } from '../../c/typed.js';
import { cType } from './ctype.js';
import { Untranslatable } from './unsupported.js';

/** Where names of the test lead to in the program. */
export interface ThreadNames {
  /** `t12_P0`: the function, and the struct of its variables. */
  readonly symbol: string;
  /** C for the first pfn of a region or resource. */
  region(name: string): string;
}

/** The field in which a local lies. */
export function fieldOf(v: LocalVariable): string {
  return `${v.name}_${v.index}`;
}

/** The struct of a thread's variables, and its function. */
export function threadText(fn: TypedFunction, names: ThreadNames): string {
  const writer = new ThreadWriter(names);
  const fields = fn.locals.map((v) => `\t${cType(v.type, fieldOf(v))};\n`).join('');
  const body = writer.statement(fn.body, 1);
  return `struct ${names.symbol} {\n${fields}\tchar lit_unused;\n};\nstatic void ${names.symbol}(void)\n{\n${body}}\n`;
}

/** Calls that a program cannot make on a machine, and why. */
const MODEL_ONLY: Readonly<Record<string, string>> = {
  kvm_pfn: 'a thread calls kvm_pfn(): machines run no guest of their own',
  vfio_pin: 'a thread calls vfio_pin(): machines have no IOMMU',
  coredump: 'a thread calls coredump(): who dumps core on a machine is dead',
};

/** An object: C that names it, or C for its address in user memory. */
type Place = { readonly local: string } | { readonly at: string };

class ThreadWriter {
  #labels = 0;
  /** Labels behind the switches that enclose a `break`, undefined for a loop. */
  readonly #breaks: (string | undefined)[] = [];

  constructor(readonly names: ThreadNames) {}

  statement(s: TypedStatement, depth: number): string {
    const tab = '\t'.repeat(depth);
    const nested = (inner: TypedStatement): string => `${tab}{\n${this.statement(inner, depth + 1)}${tab}}\n`;
    switch (s.kind) {
      case 'block':
        return s.body.map((inner) => this.statement(inner, depth)).join('');
      case 'expression':
        return `${tab}(void)(${this.value(s.value)});\n`;
      case 'local':
        return this.#local(s, tab);
      case 'if': {
        const otherwise = s.otherwise === undefined ? '' : `${tab}else\n${nested(s.otherwise)}`;
        return `${tab}if (${this.value(s.test)})\n${nested(s.then)}${otherwise}`;
      }
      case 'while':
        return `${tab}while (${this.value(s.test)})\n${this.#loop(() => nested(s.body))}`;
      case 'do':
        return `${tab}do\n${this.#loop(() => nested(s.body))}${tab}while (${this.value(s.test)});\n`;
      case 'for': {
        const init = s.init.map((inner) => this.statement(inner, depth)).join('');
        const test = s.test === undefined ? '' : this.value(s.test);
        const update = s.update === undefined ? '' : `(void)(${this.value(s.update)})`;
        return `${init}${tab}for (; ${test}; ${update})\n${this.#loop(() => nested(s.body))}`;
      }
      case 'switch':
        return this.#switch(s, tab, depth);
      case 'case':
        return `${tab}case_${s.target}:;\n`;
      case 'label':
        return `${tab}label_${s.name}:;\n`;
      case 'goto':
        return `${tab}goto label_${s.label};\n`;
      case 'break': {
        const label = this.#breaks.at(-1);
        return label === undefined ? `${tab}break;\n` : `${tab}goto ${label};\n`;
      }
      case 'continue':
        return `${tab}continue;\n`;
      case 'return':
        return `${tab}return;\n`;
    }
  }

  #loop(body: () => string): string {
    this.#breaks.push(undefined);
    const text = body();
    this.#breaks.pop();
    return text;
  }

  #local(s: TypedStatement & { kind: 'local' }, tab: string): string {
    const name = this.#localName(s.variable);
    const zero = s.zeroed ? `${tab}memset((void *)&${name}, 0, sizeof ${name});\n` : '';
    return zero + s.init.map((e) => `${tab}${this.#store(e.target, this.value(e.value))};\n`).join('');
  }

  #switch(s: TypedStatement & { kind: 'switch' }, tab: string, depth: number): string {
    const end = `end_${this.#labels++}`;
    const cases = s.cases.map((c) => `${tab}case ${c.value}LL: goto case_${c.target};\n`).join('');
    const fallback = s.fallback === undefined ? end : `case_${s.fallback}`;
    this.#breaks.push(end);
    const body = this.statement(s.body, depth);
    this.#breaks.pop();
    return `${tab}switch ((long long)${this.value(s.value)}) {\n${cases}${tab}default: goto ${fallback};\n${tab}}\n${body}${tab}${end}:;\n`;
  }

  value(e: TypedExpr): string {
    const type = (): string => cType(e.type);
    switch (e.kind) {
      case 'constant':
        return constant(e);
      case 'runtime':
        return e.name === 'arena' ? 'lit_arena' : this.names.region(e.name);
      case 'string':
        return JSON.stringify(e.value);
      case 'load':
        return this.#load(e.from);
      case 'address':
        return `((${type()})${this.#address(e.of)})`;
      case 'unary':
        return `((${type()})${e.op}${this.value(e.operand)})`;
      case 'not':
        return `(!${this.value(e.operand)})`;
      case 'binary':
        return `((${type()})(${this.value(e.left)} ${e.op} ${this.value(e.right)}))`;
      case 'compare':
        return `(${this.value(e.left)} ${e.op} ${this.value(e.right)})`;
      case 'pointerStep':
        return `((${type()})((unsigned long)${this.value(e.pointer)} ${e.op} (unsigned long)((long)${this.value(e.index)} * ${e.scale}L)))`;
      case 'pointerDifference':
        return `((${type()})((long)((unsigned long)${this.value(e.left)} - (unsigned long)${this.value(e.right)}) / ${e.scale}L))`;
      case 'logical':
        return `(${this.value(e.left)} ${e.op} ${this.value(e.right)})`;
      case 'conditional':
        return `(${this.value(e.test)} ? ${e.then === undefined ? '' : this.value(e.then)} : ${this.value(e.otherwise)})`;
      case 'comma':
        return `(${this.value(e.left)}, ${this.value(e.right)})`;
      case 'assign':
        return this.#store(e.target, this.value(e.value));
      case 'update':
        return this.#update(e);
      case 'call':
        if (e.callee.name in MODEL_ONLY) throw new Untranslatable(MODEL_ONLY[e.callee.name]!);
        return `lit_${e.callee.name}(${e.args.map((a) => this.value(a)).join(', ')})`;
      case 'cast':
        return this.#cast(e);
      case 'containerOf':
        throw new Untranslatable('a thread uses container_of()');
      case 'function':
        throw new Untranslatable('a thread takes the address of a function');
    }
  }

  #cast(e: TypedExpr & { kind: 'cast' }): string {
    const inner = this.value(e.operand);
    const changes = (e.type.kind === 'pointer') !== (e.operand.type.kind === 'pointer');
    // between pointers and integers of another width C wants a step in between
    return changes ? `((${cType(e.type)})(unsigned long)${inner})` : `((${cType(e.type)})${inner})`;
  }

  #localName(v: LocalVariable): string {
    return `LIT_LOCALS(${this.names.symbol}).${fieldOf(v)}`;
  }

  #place(l: LValue): Place {
    switch (l.kind) {
      case 'local':
        return { local: this.#localName(l.variable) };
      case 'deref':
        return { at: this.value(l.pointer) };
      case 'element': {
        const array = this.#place(l.array);
        const index = this.value(l.index);
        if ('local' in array) return { local: `${array.local}[${index}]` };
        return { at: `&((${cType(l.type, '*')})${array.at})[${index}]` };
      }
      case 'member':
        throw new Untranslatable('a thread uses a struct');
      case 'global':
        throw new Untranslatable('a thread uses a global of the driver');
    }
  }

  #load(l: LValue): string {
    const place = this.#place(l);
    return 'local' in place ? place.local : `LIT_LOAD(${cType(l.type)}, ${place.at})`;
  }

  #address(l: LValue): string {
    const place = this.#place(l);
    return 'local' in place ? `&${place.local}` : `(${place.at})`;
  }

  /** The value comes first: after fork() the variables are the child's. */
  #store(l: LValue, value: string): string {
    const place = this.#place(l);
    if ('at' in place) return `LIT_STORE(${cType(l.type)}, ${place.at}, ${value})`;
    return `({ ${cType(l.type, 'lit_v')} = ${value}; ${place.local} = lit_v; lit_v; })`;
  }

  #update(e: TypedExpr & { kind: 'update' }): string {
    const target = cType(e.target.type);
    const right =
      e.compute.kind === 'pointer'
        ? `(${cType(e.compute)})((unsigned long)lit_o ${e.op} (unsigned long)${this.value(e.right)})`
        : `(${cType(e.compute)})lit_o ${e.op} ${this.value(e.right)}`;
    const store = this.#store(e.target, 'lit_n');
    return `({ ${cType(e.target.type, 'lit_o')} = ${this.#load(e.target)}; ${cType(e.target.type, 'lit_n')} = (${target})(${right}); (void)${store}; lit_${e.result === 'old' ? 'o' : 'n'}; })`;
  }
}

function constant(e: TypedExpr & { kind: 'constant' }): string {
  if (e.type.kind === 'pointer') return `((${cType(e.type)})${BigInt.asIntN(64, e.value)}L)`;
  const suffix = e.value > 0x7fffffffffffffffn ? 'ULL' : 'LL';
  // the most negative number has no literal
  const text = e.value === -0x8000000000000000n ? '(-0x7fffffffffffffffLL - 1)' : `${e.value}${suffix}`;
  return `((${cType(e.type)})${text})`;
}
