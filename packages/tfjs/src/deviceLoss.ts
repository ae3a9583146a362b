import {
  bindInputs,
  defineSyncBackend,
  elementName,
  gradientOutput,
  inputOf,
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

/** What a loss is called with: by input as its user gave it, and each tensor by its own name, `fake.0`. */
export interface GivenTensors {
  readonly given: Readonly<Record<string, TfTensor | readonly TfTensor[]>>;
  readonly tensors: Tensors;
}

/** A loss on one engine, as TensorFlow.js calls it. */
export interface DeviceLoss {
  readonly value: (feeds: GivenTensors) => TfTensor;
  /** The value, with `args` (the tensors called `names`) as what TensorFlow.js may differentiate it by. `wrt`: inputs. */
  readonly differentiable: (
    feeds: GivenTensors,
    names: readonly string[],
    wrt: readonly string[] | undefined,
    args: readonly TfTensor[],
  ) => TfTensor;
}

export function createDeviceLoss(tf: Tf, device: string, spec: LossSpec): DeviceLoss {
  const engine = createEngine(tf, device);
  const compiled = defineSyncBackend(engine).compileSync(spec);
  const backward = createBackward(engine, spec);
  // Of what is a list the types of a loss whose inputs nobody knows say nothing.
  const valueOf = (given: GivenTensors["given"]): TfTensor => compiled.valueSync(given as Tensors);
  const isScalar = ["mean", "sum", "batchmean", "avgNonZero"].some((kind) => spec.options["reduction"] === kind);
  return {
    value: ({ given }) => valueOf(given),
    differentiable: ({ given, tensors }, names, wrt, args) =>
      savingAliases(tf, device, args, (keep) => {
        if (isScalar) {
          // One pass: the gradient of a scalar is a multiple of the one that comes with the value.
          const { value, grads } = compiled.valueAndGradSync(given as Tensors, wrt === undefined ? {} : { wrt });
          keep(inOrder(tf, names, args, ungrouped(grads)));
          return {
            value,
            gradFunc: (dy, saved) => guarded(tf, spec, [dy, ...args], () => scaled(tf, device, dy, saved)),
          };
        }
        const order = Object.keys(tensors);
        keep(Object.values(tensors));
        return {
          value: valueOf(given),
          gradFunc: (dy, saved) => {
            const kept = Object.fromEntries(saved.map((tensor, i) => [order[i] ?? "", tensor]));
            return guarded(tf, spec, [dy, ...args], () => inOrder(tf, names, args, backward(kept, wrt, dy)));
          },
        };
      }),
  };
}

/** The tensors of lists under names of their own. */
function ungrouped(grads: Readonly<Record<string, TfTensor | readonly TfTensor[] | undefined>>): Partial<Tensors> {
  const entries = Object.entries(grads).flatMap(([name, gradient]): readonly (readonly [string, TfTensor])[] => {
    if (gradient === undefined) return [];
    return "shape" in gradient ? [[name, gradient]] : gradient.map((own, i) => [elementName(name, i), own]);
  });
  return Object.fromEntries(entries);
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
    const outputs = graph.outputs.filter(({ name }) => name.startsWith(gradientOutput("")));
    const made = engine.compile({ ...graph, outputs });
    if (made instanceof Promise) throw new UnsupportedOpError(`${engine.id}: must compile at once, got a promise.`);
    executables.set(key, made);
    return made;
  };
  return (feeds, wrt, cotangent) => {
    const types = Object.fromEntries(Object.entries(feeds).map(([name, tensor]) => [name, engine.describe(tensor)]));
    const binding = bindInputs(spec.loss.definition, types, spec.options);
    const possible = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
    const gradients = wrt === undefined ? possible : possible.filter((name) => wrt.includes(inputOf(name)));
    const results = executable(binding, gradients).run({ ...feeds, cotangent }, binding.sizes);
    if (results instanceof Promise) throw new UnsupportedOpError(`${engine.id}: must run at once, got a promise.`);
    return Object.fromEntries(gradients.map((name, i) => [name, results[i]]));
  };
}
