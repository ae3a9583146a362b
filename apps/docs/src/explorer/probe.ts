import {
  bindInputs,
  defineLoss,
  float,
  oneOf,
  traceLoss,
  type AnyDefinition,
  type GivenInput,
  type Loss,
  type LossSpec,
  type LossValue,
  type Shape,
  type Tensor,
} from "@losses/core";

/** The shape of the matrix of pairs that a loss makes, in its letters; `undefined` if it makes none. */
export function pairShape(spec: LossSpec, given: Readonly<Record<string, GivenInput>>): Shape | undefined {
  const graph = traceLoss(spec, bindInputs(spec.loss.definition, given), { dtype: "float32", gradients: [] });
  return graph.nodes.find((node) => node.op === "matmul" && node.shape.length === 2)?.shape;
}

/**
 * Looks into a loss that compares everything with everything: where it multiplies two matrices for the first time there are
 * the similarities of all pairs. Adding a matrix of zeros there changes nothing, and the gradient towards those zeros is the
 * gradient of the loss by each similarity: the pull or push on each pair.
 */
export function probePairs(spec: LossSpec, shape: Shape): { readonly pairs: LossSpec; readonly pull: LossSpec } {
  const { definition } = spec.loss;
  const pairs = probed(`${spec.name}Pairs`, definition, undefined, (inputs) => {
    const watch = new Watch(undefined);
    runValue(definition, watch.inputs(inputs), spec);
    if (watch.product === undefined) throw new Error(`${spec.name} multiplies no matrices.`);
    return watch.product;
  });
  const pull = probed(`${spec.name}Pull`, definition, shape, ({ probe, ...inputs }) =>
    runValue(definition, new Watch(probe).inputs(inputs as Record<string, Tensor>), spec),
  );
  return { pairs: pairs({ reduction: "none" }), pull: pull({ reduction: reductionOf(spec) }) };
}

type Inputs = Readonly<Record<string, Tensor>>;

function reductionOf(spec: LossSpec): "none" | "mean" | "sum" {
  const { reduction } = spec.options;
  return reduction === "none" || reduction === "sum" ? reduction : "mean";
}

type Probed = Loss<{ readonly reduction: "none" | "mean" | "sum" }, string, string>;

function probed(
  name: string,
  definition: AnyDefinition,
  probe: Shape | undefined,
  value: (inputs: Inputs) => LossValue,
): Probed {
  return defineLoss({
    name,
    summary: definition.summary,
    formula: definition.formula,
    inputs: probe === undefined ? definition.inputs : { ...definition.inputs, probe: float(probe, "Zeros.") },
    optionalInputs: definition.optionalInputs ?? {},
    options: { reduction: oneOf(["none", "mean", "sum"], "mean", "As the loss itself.") },
    value: (inputs) => value(inputs as Inputs),
  });
}

function runValue(definition: AnyDefinition, inputs: Inputs, spec: LossSpec): LossValue {
  const value = definition.value(inputs as never, spec.options as never);
  return unwrapValue(value);
}

const originals = new WeakMap<object, Tensor>();
const bare = <T>(x: T): T => (typeof x === "object" && x !== null ? ((originals.get(x) as T | undefined) ?? x) : x);

function unwrapValue(value: LossValue): LossValue {
  if ("terms" in value) return { ...value, terms: value.terms.map(bare) as [Tensor, ...Tensor[]] };
  if ("values" in value) {
    const parts = Object.entries(value).map(([key, part]) => [key, bare(part)]);
    return Object.fromEntries(parts) as LossValue;
  }
  return bare(value);
}

/** Follows the tensors of a loss through its methods, and adds the probe to the first product of two matrices. */
class Watch {
  product: Tensor | undefined;
  readonly #probe: Tensor | undefined;

  constructor(probe: Tensor | undefined) {
    this.#probe = probe;
  }

  inputs(tensors: Inputs): Inputs {
    return Object.fromEntries(Object.entries(tensors).map(([name, tensor]) => [name, this.#follow(tensor)]));
  }

  #follow(tensor: Tensor): Tensor {
    const proxy = new Proxy(tensor, {
      get: (target, key) => {
        const member: unknown = Reflect.get(target, key, target);
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          const result = (member as (...a: unknown[]) => unknown).apply(target, args.map(bare));
          return isTensor(result) ? this.#follow(key === "matmul" ? this.#first(result) : result) : result;
        };
      },
    });
    originals.set(proxy, tensor);
    return proxy;
  }

  #first(product: Tensor): Tensor {
    if (this.product !== undefined || product.rank !== 2) return product;
    this.product = product;
    return this.#probe === undefined ? product : product.add(this.#probe);
  }
}

function isTensor(value: unknown): value is Tensor {
  return typeof value === "object" && value !== null && "matmul" in value;
}
