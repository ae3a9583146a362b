import {
  bindInputs,
  defineLoss,
  float,
  oneOf,
  traceLoss,
  type AnyDefinition,
  type GivenInput,
  type LossSpec,
  type LossValue,
  type Shape,
  type Tensor,
} from "@losses/core";

/** The shape of the matrix of pairs that a loss makes, in its letters; `undefined` if it makes none. */
export function pairShape(spec: LossSpec, given: Readonly<Record<string, GivenInput>>): Shape | undefined {
  const graph = traceLoss(spec, bindInputs(spec.loss.definition, given, spec.options), {
    dtype: "float32",
    gradients: [],
  });
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
    const { product } = watched(inputs, undefined, () => runValue(definition, inputs, spec));
    if (product === undefined) throw new Error(`${spec.name} multiplies no matrices.`);
    return product;
  });
  const pull = probed(
    `${spec.name}Pull`,
    definition,
    shape,
    ({ probe, ...inputs }) =>
      watched(inputs as Inputs, probe, () => runValue(definition, inputs as Inputs, spec)).value,
  );
  return {
    pairs: pairs({ ...spec.options, reduction: "none" }),
    pull: pull({ ...spec.options, reduction: reductionOf(spec) }),
  };
}

type Inputs = Readonly<Record<string, Tensor>>;

function reductionOf(spec: LossSpec): "none" | "mean" | "sum" {
  const { reduction } = spec.options;
  return reduction === "none" || reduction === "sum" ? reduction : "mean";
}

type Probed = (options: Readonly<Record<string, unknown>>) => LossSpec;

function probed(
  name: string,
  definition: AnyDefinition,
  probe: Shape | undefined,
  value: (inputs: Inputs) => LossValue,
): Probed {
  return defineLoss({
    name,
    inputs: probe === undefined ? definition.inputs : { ...definition.inputs, probe: float(probe, "Zeros.") },
    optionalInputs: definition.optionalInputs ?? {},
    // What inputs hold may depend on options of the loss.
    options: { ...definition.options, reduction: oneOf(["none", "mean", "sum"], "mean", "As the loss itself.") },
    value: (inputs) => value(inputs as Inputs),
  });
}

function runValue(definition: AnyDefinition, inputs: Inputs, spec: LossSpec): LossValue {
  return definition.value(inputs as never, spec.options as never);
}

interface Watched {
  readonly value: LossValue;
  /** The first product of two matrices. */
  readonly product: Tensor | undefined;
}

/** Runs the formula of a loss; the probe is added to its first product of two matrices. */
function watched(inputs: Inputs, probe: Tensor | undefined, run: () => LossValue): Watched {
  const [tensor] = Object.values(inputs);
  if (tensor === undefined) return { value: run(), product: undefined };
  // All tensors of a trace are of one class; it is watched for the time that the formula runs.
  const methods = Object.getPrototypeOf(tensor) as { matmul: (this: Tensor, other: Tensor) => Tensor };
  const { matmul } = methods;
  let product: Tensor | undefined;
  methods.matmul = function (this: Tensor, other: Tensor): Tensor {
    const result = matmul.call(this, other);
    if (product !== undefined || result.rank !== 2) return result;
    product = result;
    return probe === undefined ? result : result.add(probe);
  };
  try {
    const value = run();
    return { value, product };
  } finally {
    methods.matmul = matmul;
  }
}
