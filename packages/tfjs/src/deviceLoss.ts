import {
  bindInputs,
  defineSyncBackend,
  traceLoss,
  UnsupportedOpError,
  type Binding,
  type Engine,
  type Executable,
  type LossSpec,
} from "@losses/core";
import { isTapeOn, tapeOf } from "./internals.js";
import type { Tf, TfTensor } from "./tf.js";
import { createEngine } from "./tfjsEngine.js";

type Tensors = Readonly<Record<string, TfTensor>>;

/** A loss on one engine, as TensorFlow.js calls it. */
export interface DeviceLoss {
  readonly value: (feeds: Tensors) => TfTensor;
  /** The value, with `args` (the feeds called `names`) as what TensorFlow.js may differentiate it by. */
  readonly differentiable: (
    feeds: Tensors,
    names: readonly string[],
    wrt: readonly string[] | undefined,
    args: readonly TfTensor[],
  ) => TfTensor;
}

export function createDeviceLoss(tf: Tf, device: string, spec: LossSpec): DeviceLoss {
  const engine = createEngine(tf, device);
  const compiled = defineSyncBackend(engine).compileSync(spec);
  const backward = createBackward(engine, spec);
  const isScalar = ["mean", "sum", "batchmean"].some((kind) => spec.options["reduction"] === kind);
  return {
    value: (feeds) => compiled.valueSync(feeds),
    differentiable: (feeds, names, wrt, args) =>
      savingAliases(tf, device, args, (keep) => {
        if (isScalar) {
          // One pass: the gradient of a scalar is a multiple of the one that comes with the value.
          const { value, grads } = compiled.valueAndGradSync(feeds, wrt === undefined ? {} : { wrt });
          keep(inOrder(tf, names, args, grads));
          return {
            value,
            gradFunc: (dy, saved) => guarded(tf, spec, [dy, ...args], () => scaled(tf, device, dy, saved)),
          };
        }
        const order = Object.keys(feeds);
        keep(Object.values(feeds));
        return {
          value: compiled.valueSync(feeds),
          gradFunc: (dy, saved) => {
            const kept = Object.fromEntries(saved.map((tensor, i) => [order[i] ?? "", tensor]));
            return guarded(tf, spec, [dy, ...args], () => inOrder(tf, names, args, backward(kept, wrt, dy)));
          },
        };
      }),
  };
}

interface Differentiable {
  readonly value: TfTensor;
  readonly gradFunc: (dy: TfTensor, saved: TfTensor[]) => TfTensor[];
}

/**
 * `tf.customGrad`, where keeping a tensor costs no copy. TensorFlow.js keeps a clone of what is saved, and its wasm engine
 * clones by copying: there, aliases are added to what is saved for the operation.
 */
function savingAliases(
  tf: Tf,
  device: string,
  args: readonly TfTensor[],
  work: (keep: (tensors: readonly TfTensor[]) => void) => Differentiable,
): TfTensor {
  const canAdd = device === "wasm" && tapeOf(tf) !== undefined;
  const aliases: TfTensor[] = [];
  try {
    const result = tf.customGrad((...given) => {
      const save = given[given.length - 1];
      return work((tensors) => {
        if (canAdd) aliases.push(...tensors.map((tensor) => tf.keep(tf.reshape(tensor, tensor.shape))));
        else if (typeof save === "function") save([...tensors]);
      });
    })(...args);
    if (canAdd)
      tapeOf(tf)
        ?.at(-1)
        ?.saved.push(...aliases);
    return result;
  } catch (error) {
    tf.dispose(aliases);
    throw error;
  }
}

/** One gradient for each name, in this order; inputs that the loss does not differentiate get 0. */
function inOrder(tf: Tf, names: readonly string[], args: readonly TfTensor[], grads: Partial<Tensors>): TfTensor[] {
  return args.map((arg, i) => grads[names[i] ?? ""] ?? tf.zeros(arg.shape));
}

/** Gradients times the gradient that arrives, a scalar; almost always 1, which the engines in memory can see at once. */
function scaled(tf: Tf, device: string, dy: TfTensor, gradients: readonly TfTensor[]): TfTensor[] {
  const isOne = (device === "cpu" || device === "wasm") && dy.dataSync()[0] === 1;
  return gradients.map((gradient) => (isOne ? tf.reshape(gradient, gradient.shape) : tf.mul(gradient, dy)));
}

/**
 * Gradients that TensorFlow.js is still recording would be differentiated again. They are tied to what they depend on by
 * a gradient that throws, where leaving the tie out would make the second derivative silently 0.
 */
function guarded(tf: Tf, spec: LossSpec, sources: readonly TfTensor[], work: () => TfTensor[]): TfTensor[] {
  if (!isTapeOn(tf)) return work();
  const refuse = (): never => {
    throw new UnsupportedOpError(`${spec.name}: gradients must be of first order, got a derivative of the gradient.`);
  };
  return work().map((gradient) =>
    tf.customGrad(() => ({ value: tf.reshape(gradient, gradient.shape), gradFunc: refuse }))(...sources),
  );
}

type Backward = (feeds: Tensors, wrt: readonly string[] | undefined, cotangent: TfTensor) => Partial<Tensors>;

/** The gradient of a loss that is not a scalar, from the gradient that arrives. */
function createBackward(engine: Engine<TfTensor>, spec: LossSpec): Backward {
  const executables = new Map<string, Executable<TfTensor>>();
  const executable = (binding: Binding, gradients: readonly string[]): Executable<TfTensor> => {
    const key = JSON.stringify([binding.key, gradients]);
    const known = executables.get(key);
    if (known !== undefined) return known;
    const graph = traceLoss(spec, binding, { dtype: "float32", gradients, seed: "input" });
    const made = engine.compile({ ...graph, outputs: graph.outputs.filter(({ name }) => name !== "value") });
    if (made instanceof Promise) throw new UnsupportedOpError(`${engine.id}: must compile at once, got a promise.`);
    executables.set(key, made);
    return made;
  };
  return (feeds, wrt, cotangent) => {
    const types = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, engine.describe(tensor)]));
    const binding = bindInputs(spec.loss.definition, types);
    const possible = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
    const gradients = wrt === undefined ? possible : possible.filter((name) => wrt.includes(name));
    const results = executable(binding, gradients).run({ ...feeds, cotangent }, binding.sizes);
    if (results instanceof Promise) throw new UnsupportedOpError(`${engine.id}: must run at once, got a promise.`);
    return Object.fromEntries(gradients.map((name, i) => [name, results[i]]));
  };
}
