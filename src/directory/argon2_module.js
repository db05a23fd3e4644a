// @ts-self-types="./argon2_module.d.ts"
// TypeScript does not know `import source` yet, so this line is JavaScript.
import source simd from "argon2id/dist/simd.wasm";

export { simd };
