/** Compiles wasm/torch-normal.ts. Throws what the compiler says. */
export function compile(): Promise<Uint8Array>;
