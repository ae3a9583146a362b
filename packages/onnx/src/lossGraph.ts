import {
  bindInputs,
  checkSpec,
  formatShape,
  InputError,
  LossesError,
  printValue,
  readOptions,
  ShapeError,
  simplify,
  traceLoss,
  type Binding,
  type Dim,
  type FloatDType,
  type Graph,
  type Node,
  type LossSpec,
} from "@losses/core";
import { chooseInputs, type ChosenInput, type ExportInput } from "./inputShapes.js";
import { graphRules, readRequests } from "./requests.js";

export interface LossGraphOptions {
  /** True: the gradient of every differentiable input; or the names of some. Default: the loss alone. */
  readonly gradients?: boolean | readonly string[];
  /** False leaves the loss itself out, for a model of gradients alone. Default true. */
  readonly value?: boolean;
  /** The dtype to compute in. Default `"float32"`. */
  readonly dtype?: FloatDType;
  /** Inputs with a shape or dtype of their own. Naming an optional input makes it one of the model's. */
  readonly inputs?: Readonly<Record<string, ExportInput>>;
  /**
   * Short for `inputs` with nothing but a shape: `{ input: ["batch", 10] }`. Of two axes that the loss tells apart only the first can
   * have a name; the other keeps its own.
   */
  readonly shapes?: Readonly<Record<string, readonly Dim[]>>;
}

/** A loss as a graph, and the inputs it was made for. */
export interface LossGraph {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, ChosenInput>>;
  /** True if the loss itself is an output. */
  readonly value: boolean;
  /** The inputs whose gradients are outputs. */
  readonly gradients: readonly string[];
}

/** Traces a loss for inputs that are not there yet, from its declaration and the options. */
export function lossGraph(spec: LossSpec, given?: LossGraphOptions): LossGraph {
  checkSpec("lossGraph", spec);
  const options = readOptions(spec.name, given, graphRules);
  const dtype = options.dtype ?? "float32";
  const requests = readRequests(spec.name, options);
  const inputs = chooseInputs(spec, dtype, requests);
  const { binding, real } = bindSymbols(spec, inputs);
  const possible = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
  const wanted = options.gradients ?? false;
  const gradients = wanted === true ? possible : wanted === false ? [] : wanted;
  for (const [i, name] of gradients.entries()) {
    if (gradients.indexOf(name) !== i) {
      throw new InputError(
        `${spec.name}: gradients must name each input once, got ${printValue(name)} twice.`,
        "INVALID_INPUT",
      );
    }
    if (!possible.includes(name)) {
      throw new InputError(
        `${spec.name}: gradients must be of differentiable inputs of the model (${possible.join(", ")}), got ${printValue(name)}.`,
        "INVALID_INPUT",
      );
    }
  }
  const { value = true } = options;
  if (!value && gradients.length === 0) {
    throw new InputError(
      `${spec.name}: the model must have an output, got no value and no gradients.`,
      "INVALID_INPUT",
    );
  }
  const graph = withRealRanges(traceLoss(spec, binding, { dtype, gradients }), real);
  const outputs = graph.outputs.slice(1);
  return { graph: value ? graph : simplify({ ...graph, outputs }), inputs, value, gradients };
}

// Binding compares sizes, so each name gets a size of its own that no real shape has, and is put back afterwards.
const firstStandIn = 2 ** 31;

interface Bound {
  readonly binding: Binding;
  /** What each of the loss's own letters stands for. */
  readonly real: ReadonlyMap<string, Dim>;
}

function bindSymbols(spec: LossSpec, inputs: Readonly<Record<string, ChosenInput>>): Bound {
  const standIns = new Map<string, number>();
  const names = new Map<number, string>();
  const standIn = (dim: Dim): number => {
    if (typeof dim === "number") return dim;
    const size = standIns.get(dim) ?? firstStandIn + standIns.size;
    standIns.set(dim, size);
    names.set(size, dim);
    return size;
  };
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape: shape.map(standIn), dtype }]),
  );
  const binding = readably(names, () => bindInputs(spec.loss.definition, given));
  const real = realDims(binding, names);
  const bound = binding.inputs.map((input) => ({ ...input, shape: input.shape.map((dim) => realDim(dim, real)) }));
  return { binding: { ...binding, inputs: bound }, real };
}

function realDim(dim: Dim, real: Bound["real"]): Dim {
  return typeof dim === "number" ? dim : (real.get(dim) ?? dim);
}

/** The ranges of class indices are said in the loss's letters too. */
function withRealRanges(graph: Graph, real: Bound["real"]): Graph {
  const nodes = graph.nodes.map((node): Node => {
    if (node.op !== "input" || node.attrs.indices === undefined) return node;
    const { below } = node.attrs.indices;
    return { ...node, attrs: { ...node.attrs, indices: { ...node.attrs.indices, below: realDim(below, real) } } };
  });
  return { ...graph, nodes };
}

/**
 * The loss does not ask that two letters be the same size, and a run may have two sizes
 * where a model says one name twice: so a name goes to its first letter, and the next keeps its own.
 */
function realDims({ sizes }: Binding, names: ReadonlyMap<number, string>): Bound["real"] {
  const real = new Map<string, Dim>();
  const taken = new Set<string>(names.values());
  const given = new Set<string>();
  for (const [letter, size] of Object.entries(sizes)) {
    const name = names.get(size);
    if (name === undefined || !given.has(name)) {
      real.set(letter, name ?? size);
      if (name !== undefined) given.add(name);
      continue;
    }
    let own = letter;
    while (taken.has(own)) own += "_";
    taken.add(own);
    real.set(letter, own);
  }
  return real;
}

/** Runs `bind`; in the message of a shape error the names stand again where their sizes were printed. */
function readably<T>(names: ReadonlyMap<number, string>, bind: () => T): T {
  try {
    return bind();
  } catch (cause) {
    if (!(cause instanceof LossesError) || cause.code !== "SHAPE_MISMATCH") throw cause;
    const message = [...names].reduce(
      (text, [size, name]) => text.replaceAll(String(size), formatShape([name]).slice(1, -1)),
      cause.message,
    );
    throw new ShapeError(message, { cause });
  }
}
