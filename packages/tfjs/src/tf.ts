import { BackendUnavailableError, OptionError, type Rule } from "@losses/core";
import type * as tfjs from "@tensorflow/tfjs-core";

/** The TensorFlow.js module: `import * as tf from "@tensorflow/tfjs-core"` (or `"@tensorflow/tfjs"`). */
export type Tf = typeof tfjs;

/** A TensorFlow.js tensor. */
export type TfTensor = tfjs.Tensor;

let loaded: Tf | undefined;

/** What an option `tf` may be. */
export const tfRule: Rule = {
  domain: "a module of TensorFlow.js",
  accepts: (value) =>
    typeof value === "object" &&
    value !== null &&
    ["engine", "getBackend", "setBackend", "findBackend", "tidy", "Tensor"].every(
      (name) => typeof Reflect.get(value, name) === "function",
    ),
};

/** The given TensorFlow.js, else the one that is installed; throws `BackendUnavailableError` if none is. */
export async function loadTf(given: Tf | undefined): Promise<Tf> {
  if (given !== undefined) return given;
  try {
    loaded ??= await import("@tensorflow/tfjs-core");
    return loaded;
  } catch (cause) {
    const reason = "@tensorflow/tfjs-core could not be imported. Run: npm install @tensorflow/tfjs-core";
    throw new BackendUnavailableError(`tfjs: TensorFlow.js must be installed, got none: ${reason}`, [reason], {
      cause,
    });
  }
}

/** The given TensorFlow.js, else the one that {@link loadTf} imported; throws `OptionError` if there is none yet. */
export function requireTf(caller: string, given: Tf | undefined): Tf {
  const tf = given ?? loaded;
  if (tf !== undefined) return tf;
  throw new OptionError(
    `${caller}: option tf must be the TensorFlow.js you train with, got none. Pass ${caller}(spec, { tf }).`,
  );
}
