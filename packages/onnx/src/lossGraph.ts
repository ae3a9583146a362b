import {
  bindInputs,
  checkSpec,
  evaluateDim,
  gradientOutput,
  formatShape,
  InputError,
  inputOf,
  listsOf,
  LossesError,
  partOutput,
  printValue,
  readOptions,
  ShapeError,
  simplify,
  substituteDim,
  symbolsOf,
  traceLoss,
  type Binding,
  type Bound,
  type BoundInput,
  type Dim,
  type FloatDType,
  type GradInput,
  type Graph,
  type InputKind,
  type InputName,
  type LossInputs,
  type LossSpec,
} from "@losses/core";
import { chooseInputs, type ChosenInput, type ExportInput } from "./inputShapes.js";
import { graphRules, readRequests } from "./requests.js";

/** Something for some of the tensors of a loss; an element of a list is named by its place, `fake.0`. */
export type ByTensor<I extends LossInputs, V> = { readonly [K in InputName<I> | ElementName<I>]?: V };

/** The names of the tensors in inputs that are lists. */
export type ElementName<I extends LossInputs> = {
  [K in InputName<I>]-?: "float[]" extends I[K] ? `${K}.${number}` : never;
}[InputName<I>];

export interface LossGraphOptions<I extends LossInputs = LossInputs> {
  /** True: the gradient of every differentiable input; or the names of some, of a list for all in it. Default: the loss alone. */
  readonly gradients?: boolean | readonly (GradInput<I> | ElementName<I>)[];
  /** False leaves the loss itself out, for a model of gradients alone. Default true. */
  readonly value?: boolean;
  /** True: also the parts of the loss, as outputs `part:<name>`. Default false. */
  readonly parts?: boolean;
  /** The dtype to compute in. Default `"float32"`. */
  readonly dtype?: FloatDType;
  /** Inputs with a shape or dtype of their own. Naming an optional input makes it one of the model's. */
  readonly inputs?: ByTensor<I, ExportInput>;
  /**
   * Short for `inputs` with nothing but a shape: `{ input: ["batch", 10] }`. Of two axes that the loss tells apart only the first can
   * have a name; the other keeps its own.
   */
  readonly shapes?: ByTensor<I, readonly Dim[]>;
}

/** A loss as a graph, and the inputs it was made for. */
export interface LossGraph {
  readonly graph: Graph;
  readonly inputs: Readonly<Record<string, ChosenInput>>;
  /** True if the loss itself is an output. */
  readonly value: boolean;
  /** The inputs whose gradients are outputs. */
  readonly gradients: readonly string[];
  /** The parts of the loss that are outputs. */
  readonly parts: readonly string[];
}

/** Traces a loss for inputs that are not there yet, from its declaration and the options. */
export function lossGraph<I extends LossInputs>(typed: LossSpec<I>, given?: LossGraphOptions<I>): LossGraph {
  checkSpec("lossGraph", typed);
  const spec: LossSpec = typed;
  const options = readOptions(spec.name, given as LossGraphOptions | undefined, graphRules);
  const dtype = options.dtype ?? "float32";
  const requests = readRequests(spec.name, options);
  const inputs = chooseInputs(spec, dtype, requests);
  const binding = bindSymbols(spec, inputs);
  const gradients = wantedGradients(spec, binding, options.gradients ?? false);
  const { value = true, parts = false } = options;
  const traced = traceLoss(spec, binding, { dtype, gradients, parts });
  const partNames = traced.outputs.flatMap(({ name }) => (isPart(name) ? [name.slice(partOutput("").length)] : []));
  if (!value && gradients.length + partNames.length === 0) {
    throw new InputError(
      `${spec.name}: the model must have an output, got no value and no gradients.`,
      "INVALID_INPUT",
    );
  }
  // A model cannot refuse a mean over nothing, which is NaN; so what means divide by is no output.
  const names = new Set([...(value ? ["value"] : []), ...gradients.map(gradientOutput), ...partNames.map(partOutput)]);
  const outputs = traced.outputs.filter(({ name }) => names.has(name));
  const graph = outputs.length === traced.outputs.length ? traced : simplify({ ...traced, outputs });
  return { graph, inputs, value, gradients, parts: partNames };
}

function isPart(output: string): boolean {
  return output.startsWith(partOutput(""));
}

function wantedGradients(spec: LossSpec, binding: Binding, wanted: boolean | readonly string[]): readonly string[] {
  const possible = binding.inputs.filter((input) => input.differentiable).map((input) => input.name);
  if (typeof wanted === "boolean") return wanted ? possible : [];
  const lists = listsOf(spec.loss.definition);
  const gradients = wanted.flatMap((name) =>
    lists.has(name) ? possible.filter((element) => inputOf(element) === name) : [name],
  );
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
  return gradients;
}

// Binding compares sizes, so each name gets a size of its own that no tensor has, and is put back afterwards. They are so far apart
// that what is computed from some of them differs, too.
const firstStandIn = 2 ** 33;
const standInStep = 1_000_000_007;

function standInOf(index: number): number {
  return firstStandIn + standInStep * (index + 1) ** 2;
}

function bindSymbols(spec: LossSpec, inputs: Readonly<Record<string, ChosenInput>>): Binding {
  const standIns: Record<string, number> = {};
  const names = new Map<number, Dim>();
  const standIn = (dim: Dim): number => {
    for (const symbol of symbolsOf(dim)) {
      const own = (standIns[symbol] ??= standInOf(Object.keys(standIns).length));
      names.set(own, symbol);
    }
    const size = evaluateDim(dim, standIns) ?? Number.NaN;
    if (!Number.isSafeInteger(size)) {
      throw new ShapeError(`${spec.name}: an axis of a model must be a size, a name or a sum of such, got ${dim}.`);
    }
    if (typeof dim === "string") names.set(size, dim);
    return size;
  };
  const given = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype }]) => [name, { shape: shape.map(standIn), dtype }]),
  );
  const binding = readably(names, () => bindInputs(spec.loss.definition, given, spec.options));
  const real = realDims(binding, names);
  const realDim = (dim: Dim): Dim => substituteDim(dim, (letter) => real.get(letter) ?? letter);
  const letters = Object.fromEntries(Object.keys(binding.sizes).map((letter) => [letter, letter]));
  const bound = binding.inputs.map((input): BoundInput => ({
    ...input,
    shape: input.shape.map(realDim),
    holds: realRange(input.holds, letters, realDim),
  }));
  return { ...binding, inputs: bound };
}

/** The ranges of integers are said in the loss's letters too. */
function realRange(holds: InputKind, letters: Readonly<Record<string, Dim>>, realDim: (dim: Dim) => Dim): InputKind {
  if (holds.kind !== "index") return holds;
  const real = (bound: Bound | undefined): Bound | undefined => {
    if (typeof bound !== "object") return bound === undefined ? undefined : realDim(bound);
    return "computed" in bound ? realDim(bound.of(letters)) : bound;
  };
  const sum = holds.sum === undefined ? {} : { sum: realDim(holds.sum) };
  return { ...holds, below: real(holds.below), atMost: real(holds.atMost), ...sum };
}

/**
 * The loss does not ask that two letters be the same size, and a run may have two sizes
 * where a model says one name twice: so a name goes to its first letter, and the next keeps its own.
 */
function realDims({ sizes }: Binding, names: ReadonlyMap<number, Dim>): ReadonlyMap<string, Dim> {
  const real = new Map<string, Dim>();
  const taken = new Set([...names.values()].flatMap(symbolsOf));
  const given = new Set<Dim>();
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
function readably<T>(names: ReadonlyMap<number, Dim>, bind: () => T): T {
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
