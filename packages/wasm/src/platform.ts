import { flatten, type Bytes } from "./assembler/bytes.js";
import { f32x4, f64x2 } from "./assembler/instructions.js";

/** A `WebAssembly.Memory`. */
export interface Memory {
  readonly buffer: ArrayBufferLike;
}

export interface GrowingMemory extends Memory {
  /** Adds pages; throws if there are none. */
  readonly grow: (pages: number) => number;
}

/** The part of the global `WebAssembly` that is used. */
export interface WebAssemblyApi {
  readonly validate: (bytes: Uint8Array<ArrayBuffer>) => boolean;
  readonly Memory: new (limits: {
    readonly initial: number;
    readonly maximum: number;
    readonly shared: boolean;
  }) => GrowingMemory;
  readonly Module: new (bytes: Uint8Array<ArrayBuffer>) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: { readonly run?: unknown } };
}

export function webAssembly(): WebAssemblyApi | undefined {
  return (globalThis as { readonly WebAssembly?: WebAssemblyApi }).WebAssembly;
}

export function isMemory(value: unknown): value is Memory {
  const Memory = webAssembly()?.Memory;
  try {
    return Memory !== undefined && value instanceof Memory;
  } catch {
    // A proxy may refuse to tell what it is.
    return false;
  }
}

/** A module whose one function has this body. */
function probe(body: Bytes): Uint8Array<ArrayBuffer> {
  const code = [0, ...flatten(body), 0x1a, 0x0b];
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0, 1, 4, 1, 0x60, 0, 0, 3, 2, 1, 0];
  return Uint8Array.from([...header, 10, code.length + 2, 1, code.length, ...code]);
}

const zeros = f64x2.zero;

/** What programs may use besides SIMD, which all of them need. */
export interface Features {
  /** Relaxed SIMD: multiply-add in one instruction, whose last bits may differ from one processor to another. */
  readonly relaxed: boolean;
  /** Whether stages can be done in shares, at the same time by several threads; default false. */
  readonly shares?: boolean;
}

/** What this JavaScript engine has; `undefined` without SIMD. */
export function findFeatures(): Features | undefined {
  const validate = webAssembly()?.validate;
  if (validate === undefined || !validate(probe(zeros))) return undefined;
  return { relaxed: validate(probe(f32x4.madd(zeros, zeros, zeros))) };
}

/** Why programs cannot run here, with the cure where there is one; `undefined` if they can. */
export function whyNot(): string | undefined {
  const platform = webAssembly();
  if (platform === undefined) return "this JavaScript engine has no WebAssembly.";
  if (findFeatures() === undefined) return "the WebAssembly of this JavaScript engine has no SIMD. Use a newer one.";
  try {
    // A content-security policy forbids what the validation allows.
    return void new platform.Module(probe(zeros));
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    return `WebAssembly may not be compiled here: ${said} Allow 'wasm-unsafe-eval' in the content-security policy.`;
  }
}
