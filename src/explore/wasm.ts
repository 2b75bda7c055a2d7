/** What the search uses of WebAssembly, which neither ECMAScript's types have nor every engine. */

export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

interface Engine {
  Module: new (bytes: Uint8Array) => object;
  Memory: new (limits: { initial: number; maximum: number; shared?: boolean }) => WasmMemory;
  Instance: new (module: object, imports?: object) => { readonly exports: object };
}

/** A compiled module, and the engine that runs it. */
export interface Compiled {
  readonly wasm: Engine;
  readonly module: object;
}

/** Bytes of a page of a memory. */
export const WASM_PAGE = 2 ** 16;

/** A byte of a module that is to be another one. */
export interface Change {
  readonly at: number;
  readonly byte: number;
}

/** A module in base64: compiled when it is first asked for; undefined where the engine lacks what it uses. */
export function lazyModule(base64: string, change?: Change): () => Compiled | undefined {
  let compiled: Compiled | undefined;
  let tried = false;
  return () => {
    if (!tried) compiled = compile(base64, change);
    tried = true;
    return compiled;
  };
}

function compile(base64: string, change: Change | undefined): Compiled | undefined {
  const { WebAssembly: wasm } = globalThis as unknown as { WebAssembly?: Engine };
  if (wasm === undefined) return undefined;
  const bytes = Uint8Array.from(atob(base64), (c) => c.charCodeAt(0));
  if (change !== undefined) bytes[change.at] = change.byte;
  try {
    return { wasm, module: new wasm.Module(bytes) };
  } catch {
    return undefined;
  }
}

/** What a new instance of a module exports. @throws if the engine has no memory for it */
export function instantiate<Exports extends object>({ wasm, module }: Compiled, imports?: object): Exports {
  return new wasm.Instance(module, imports).exports as Exports;
}
