/** The little of the WebAssembly JavaScript interface that is used here; Node's type declarations leave it out. */
export interface WasmMemory {
  readonly buffer: ArrayBuffer;
  grow(pages: number): number;
}

export type WasmModule = object;

declare const WebAssembly: {
  readonly Memory: new (limits: { initial: number; maximum: number }) => WasmMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => WasmModule;
  readonly Instance: new (
    module: WasmModule,
    imports: { env: { memory: WasmMemory } },
  ) => { readonly exports: unknown };
};

export const PAGE_BYTES = 65_536;

/** A memory that can grow to 4 GiB. */
export function newMemory(pages: number): WasmMemory {
  return new WebAssembly.Memory({ initial: pages, maximum: PAGE_BYTES });
}

export function compileModule(bytes: Uint8Array<ArrayBuffer>): WasmModule {
  return new WebAssembly.Module(bytes);
}

/** The functions of a module that works in `memory`. */
export function exportsOf(module: WasmModule, memory: WasmMemory): unknown {
  return new WebAssembly.Instance(module, { env: { memory } }).exports;
}
