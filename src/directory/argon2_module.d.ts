/** argon2id's WebAssembly, compiled but not instantiated; it uses SIMD. */
export const simd: WebAssembly.Module;
