import type { Env, InferenceSession, Tensor, TensorConstructor } from "onnxruntime-common";
import { printValue } from "@losses/core";

/** A tensor of ONNX Runtime: what the backend takes and returns. */
export type OrtTensor = Tensor;

/** The outputs to compute: a tensor to write one into, or null for a new one. */
export type Fetches = Readonly<Record<string, OrtTensor | null>>;

/** The part of a session that the backend uses. */
export interface OrtSession {
  run(feeds: Readonly<Record<string, OrtTensor>>, fetches: Fetches): Promise<Readonly<Record<string, unknown>>>;
  release(): Promise<void>;
  /** Writes the profile; absent where the session lives in another thread. */
  endProfiling?(): void;
}

/** The part of `onnxruntime-node` and `onnxruntime-web` that the backend uses; either module fits. */
export interface OrtModule {
  readonly InferenceSession: {
    create(model: Uint8Array, options?: InferenceSession.SessionOptions): Promise<OrtSession>;
  };
  readonly Tensor: TensorConstructor;
  readonly env: Env;
}

/** What the native code reads of a tensor. */
export type NativeTensor = Pick<OrtTensor, "type" | "dims" | "data" | "location">;

/** What a session of ONNX Runtime runs, after it has checked what it is given: the names that the model has, and its tensors. */
export interface SessionHandler {
  run(
    feeds: Readonly<Record<string, OrtTensor | NativeTensor>>,
    fetches: Readonly<Record<string, OrtTensor | NativeTensor | null>>,
    options: object,
  ): ReturnType<OrtSession["run"]>;
}

/** Which build of ONNX Runtime: the native one for Node.js, or the WebAssembly one. */
export type RuntimeName = "node" | "web";

export const runtimePackages: { readonly [K in RuntimeName]: string } = {
  node: "onnxruntime-node",
  web: "onnxruntime-web",
};

/** Why a runtime cannot be loaded, in words for people. */
export class RuntimeMissing extends Error {}

/** Imports a runtime; throws `RuntimeMissing` with the cure. */
export async function loadRuntime(runtime: RuntimeName): Promise<OrtModule> {
  const name = runtimePackages[runtime];
  let loaded: unknown;
  try {
    // Bundlers must not look for the native package; the other need not be installed, as it is imported in a try block.
    loaded =
      runtime === "node"
        ? await import(/* @vite-ignore */ /* webpackIgnore: true */ runtimePackages.node)
        : await import("onnxruntime-web");
  } catch (cause) {
    const missing = isMissing(cause);
    throw new RuntimeMissing(
      missing
        ? `the package ${name} is not installed. Add it: npm install ${name}. Its install script is not needed.`
        : `the package ${name} could not be loaded: ${messageOf(cause)}`,
      { cause },
    );
  }
  const ort = asOrtModule(loaded);
  if (ort === undefined) throw new RuntimeMissing(`the package ${name} exports no InferenceSession and Tensor.`);
  // Failures reach the caller as errors; without this the native code prints them as well. Only where nobody chose a level.
  if (ort.env.logLevel === undefined || ort.env.logLevel === "warning") ort.env.logLevel = "fatal";
  return ort;
}

// Node.js has codes for it; bundlers replace an optional package that is not there by a module that throws, or leave it to the
// browser, which cannot resolve a bare name.
function isMissing(cause: unknown): boolean {
  if (!isRecord(cause)) return false;
  return (
    cause["code"] === "ERR_MODULE_NOT_FOUND" ||
    cause["code"] === "MODULE_NOT_FOUND" ||
    /could not resolve|failed to resolve|does not resolve|bare specifier/i.test(messageOf(cause))
  );
}

/** The module itself, or its default export, if it is an ONNX Runtime. */
export function asOrtModule(value: unknown): OrtModule | undefined {
  if (!isRecord(value)) return undefined;
  if (isOrtModule(value)) return value;
  const inner = value["default"];
  return isRecord(inner) && isOrtModule(inner) ? inner : undefined;
}

function isOrtModule(value: object): value is OrtModule {
  return "InferenceSession" in value && "Tensor" in value && "env" in value && typeof value.Tensor === "function";
}

export function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : printValue(cause);
  // ONNX Runtime's native errors begin with a source position and a function signature.
  return text.replace(/^\S*onnxruntime_src\S* .*? was false\. /s, "").trim();
}

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
