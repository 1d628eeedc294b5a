import { torchNormalWasm } from './torch-normal-wasm.ts';

/** What of the platform's WebAssembly is used; its types are not among Node's. */
declare const WebAssembly: {
  readonly Module: new (code: Uint8Array) => object;
  readonly Instance: new (module: object) => { readonly exports: object };
};

/** What wasm/torch-normal.ts exports; places are bytes of its memory. */
export interface TorchMachine {
  readonly memory: { readonly buffer: ArrayBuffer };
  /** Where `fill` writes. */
  readonly numbers: { readonly value: number };
  seed(value: number): void;
  next(): number;
  fill(count: number): void;
  reserve(end: number): void;
  left(whole: number, half: number, share: number, spread: number, count: number): void;
  right(whole: number, before: number, half: number, reached: number, share: number, spread: number, count: number): void;
}

const isMachine = (exported: object): exported is TorchMachine => 'right' in exported;

/** A constant that is made when it is first asked for. */
function late<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

const compiled = late(() => new WebAssembly.Module(Uint8Array.from(atob(torchNormalWasm), (letter) => letter.charCodeAt(0))));

/** A machine with a memory of its own. */
export function newMachine(): TorchMachine {
  const { exports } = new WebAssembly.Instance(compiled());
  if (!isMachine(exports)) throw new TypeError('The compiled generator is of another version. Make it anew by “npm run wasm”.');
  return exports;
}
