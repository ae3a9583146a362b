import {
  allInputs,
  BackendUnavailableError,
  checkSpec,
  elementName,
  InputError,
  isPlainObject,
  inputOf,
  listsOf,
  OptionError,
  printValue,
  readable,
  readOptions,
  type GradInput,
  type LossInputs,
  type LossSpec,
  type PerInput,
  type Rules,
} from "@losses/core";
import { floatBits } from "./floatBits.js";
import { isTapeOn } from "./internals.js";
import { requireTf, tfRule, type Tf, type TfTensor } from "./tf.js";
import { createDeviceLoss, type DeviceLoss, type GivenTensors } from "./deviceLoss.js";

/** The inputs of a loss as tensors, by name; of an input that is a list, a list of them. */
export type TensorFeeds<I extends LossInputs> = PerInput<I, TfTensor>;

/** A loss as a function of tensors, differentiable in TensorFlow.js. */
export type TfjsLoss<I extends LossInputs = LossInputs> = (inputs: TensorFeeds<I>) => TfTensor;

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
export function toTfjs<I extends LossInputs>(spec: LossSpec<I>, options?: ToTfjsOptions<GradInput<I>>): TfjsLoss<I> {
  checkSpec("toTfjs", spec);
  const given = readOptions("toTfjs", options, rules as Rules<ToTfjsOptions<GradInput<I>>>);
  const tf = requireTf("toTfjs", given.tf);
  const wrt = given.wrt && readable("toTfjs", () => namesOf(spec as LossSpec, given.wrt ?? []));
  const byDevice = new Map<string, DeviceLoss>();
  return (inputs) => {
    const device = currentDevice(tf);
    const loss = byDevice.get(device) ?? createDeviceLoss(tf, device, spec);
    byDevice.set(device, loss);
    const feeds = tensorsOf(tf, spec, inputs);
    const { tensors } = feeds;
    const names = Object.keys(tensors).filter(
      (name) => wrt?.includes(inputOf(name)) ?? tensors[name]?.dtype === "float32",
    );
    const args = names.flatMap((name) => tensors[name] ?? []);
    if (!isTapeOn(tf) || args.length === 0) return loss.value(feeds);
    return loss.differentiable(feeds, names, wrt && [...new Set(names.map(inputOf))], args);
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
function tensorsOf(tf: Tf, spec: LossSpec, inputs: unknown): GivenTensors {
  return readable(spec.name, () => {
    const { definition } = spec.loss;
    const known = Object.keys(allInputs(definition));
    if (!isPlainObject(inputs)) {
      const message = `${spec.name}: inputs must be tensors by name (${known.join(", ")}), got ${printValue(inputs)}.`;
      throw new InputError(message, "MISSING_INPUT");
    }
    const given: Record<string, TfTensor | readonly TfTensor[]> = {};
    const tensors: Record<string, TfTensor> = {};
    const tensor = (name: string, value: unknown): TfTensor => {
      if (value instanceof tf.Tensor) return (tensors[name] = value);
      throw new InputError(`${spec.name}: ${name} must be a tf.Tensor, got ${printValue(value)}.`, "INVALID_INPUT");
    };
    for (const [name, value] of Object.entries(inputs)) {
      if (value === undefined) continue;
      if (!known.includes(name)) {
        const message = `${spec.name}: inputs must be among ${known.join(", ")}, got the unknown input ${printValue(name)}.`;
        throw new InputError(message, "UNKNOWN_INPUT");
      }
      if (!listsOf(definition).has(name)) given[name] = tensor(name, value);
      else if (Array.isArray(value)) {
        given[name] = Array.from(value, (item: unknown, i) => tensor(elementName(name, i), item));
      } else {
        const message = `${spec.name}: ${name} must be a list of tf.Tensors, got ${printValue(value)}.`;
        throw new InputError(message, "INVALID_INPUT");
      }
    }
    return { given, tensors };
  });
}

function namesOf(spec: LossSpec, wrt: readonly string[]): readonly string[] {
  const known = Object.keys(allInputs(spec.loss.definition));
  const names: string[] = [];
  // A hole is refused like any other item.
  for (let i = 0; i < wrt.length; i++) {
    const name = wrt[i];
    if (name === undefined || !known.includes(name)) {
      throw new OptionError(
        `toTfjs: option wrt must name inputs of ${spec.name} (${known.join(", ")}), got ${printValue(name)}.`,
      );
    }
    names.push(name);
  }
  return names;
}
