import {
  allInputs,
  BackendUnavailableError,
  checkSpec,
  InputError,
  isPlainObject,
  OptionError,
  printValue,
  readable,
  readOptions,
  type LossSpec,
  type Rules,
} from "@losses/core";
import { floatBits } from "./floatBits.js";
import { isTapeOn } from "./internals.js";
import { requireTf, tfRule, type Tf, type TfTensor } from "./tf.js";
import { createDeviceLoss, type DeviceLoss } from "./deviceLoss.js";

/** The inputs of a loss as tensors, by name. */
export type TensorFeeds<R extends string, P extends string> = { readonly [K in R]: TfTensor } & {
  readonly [K in P]?: TfTensor;
};

/** A loss as a function of tensors, differentiable in TensorFlow.js. */
export type TfjsLoss<R extends string = string, P extends string = string> = (inputs: TensorFeeds<R, P>) => TfTensor;

export interface ToTfjsOptions<N extends string = string> {
  /** The TensorFlow.js that you train with; may be left out once `createBackend()` has imported it. */
  readonly tf?: Tf;
  /** Inputs to differentiate with respect to; default: every differentiable one. Naming them saves work. */
  readonly wrt?: readonly N[];
}

const rules: Rules<ToTfjsOptions> = {
  tf: tfRule,
  wrt: {
    domain: "a list of names of inputs",
    // Its items are read below, once.
    accepts: Array.isArray,
  },
};

/**
 * A loss as a synchronous function of tensors that TensorFlow.js can differentiate.
 *
 * It computes on the engine that is current, works in `tf.grads`, `tf.variableGrads`, `optimizer.minimize` and `tf.tidy`,
 * and needs no gradient to be registered: the gradient is this library's own. While TensorFlow.js is recording, value and
 * gradient come out of one pass. The gradient itself cannot be differentiated again; that throws.
 *
 * @throws OptionError if there is no TensorFlow.js to use; when called, what the loss throws for wrong inputs.
 * @example
 * const loss = toTfjs(crossEntropy({ labelSmoothing: 0.1 }), { tf });
 * optimizer.minimize(() => loss({ input: model.apply(images), target: labels }));
 */
export function toTfjs<R extends string, P extends string>(
  spec: LossSpec<R, P>,
  options?: ToTfjsOptions<R | P>,
): TfjsLoss<R, P> {
  checkSpec("toTfjs", spec);
  const given = readOptions("toTfjs", options, rules as Rules<ToTfjsOptions<R | P>>);
  const tf = requireTf("toTfjs", given.tf);
  const wrt = given.wrt && readable("toTfjs", () => namesOf(spec as LossSpec, given.wrt ?? []));
  const byDevice = new Map<string, DeviceLoss>();
  return (inputs) => {
    const device = currentDevice(tf);
    const loss = byDevice.get(device) ?? createDeviceLoss(tf, device, spec);
    byDevice.set(device, loss);
    const feeds = tensorsOf(tf, spec, inputs);
    const names = Object.keys(feeds).filter((name) => wrt?.includes(name) ?? feeds[name]?.dtype === "float32");
    const args = names.flatMap((name) => feeds[name] ?? []);
    if (!isTapeOn(tf) || args.length === 0) return loss.value(feeds);
    return loss.differentiable(feeds, names, wrt && names, args);
  };
}

function currentDevice(tf: Tf): string {
  // Starts the engine if nothing has used it yet.
  tf.backend();
  const device = tf.getBackend();
  const bits = floatBits(tf, device);
  if (bits < 32) {
    const reason = `the engine ${device} computes with ${bits}-bit floats here`;
    throw new BackendUnavailableError(
      `toTfjs: the current engine must compute with 32 bits, but ${reason}. Call tf.setBackend("wasm") or tf.setBackend("cpu").`,
      [reason],
    );
  }
  return device;
}

/** What is fed, each read once: tensors that TensorFlow.js can differentiate by, and no plain data. */
function tensorsOf(tf: Tf, spec: LossSpec, inputs: unknown): Readonly<Record<string, TfTensor>> {
  return readable(spec.name, () => {
    const known = allInputs(spec.loss.definition);
    if (!isPlainObject(inputs)) {
      const message = `${spec.name}: inputs must be tensors by name (${Object.keys(known).join(", ")}), got ${printValue(inputs)}.`;
      throw new InputError(message, "MISSING_INPUT");
    }
    const given: Record<string, TfTensor> = {};
    for (const [name, tensor] of Object.entries(inputs)) {
      if (tensor === undefined) continue;
      if (!Object.hasOwn(known, name)) {
        const message = `${spec.name}: inputs must be among ${Object.keys(known).join(", ")}, got the unknown input ${printValue(name)}.`;
        throw new InputError(message, "UNKNOWN_INPUT");
      }
      if (!(tensor instanceof tf.Tensor)) {
        throw new InputError(`${spec.name}: ${name} must be a tf.Tensor, got ${printValue(tensor)}.`, "INVALID_INPUT");
      }
      given[name] = tensor;
    }
    return given;
  });
}

function namesOf(spec: LossSpec, wrt: readonly string[]): readonly string[] {
  const known = Object.keys(allInputs(spec.loss.definition));
  const names: string[] = [];
  for (const name of wrt) {
    if (!known.includes(name)) {
      throw new OptionError(
        `toTfjs: option wrt must name inputs of ${spec.name} (${known.join(", ")}), got ${printValue(name)}.`,
      );
    }
    names.push(name);
  }
  return names;
}
