import { listRule, printValue, readOptions, type Rule, type Rules } from "../../arguments.js";
import { InputError, LossesError, ShapeError } from "../../errors.js";
import { evaluateDim, substituteDim, symbolsOf } from "../../tensor/dimArithmetic.js";
import { formatShape, type Dim } from "../../tensor/dims.js";
import { isFloat, isInputDType, type FloatDType } from "../../tensor/dtype.js";
import { bindInputs, type Binding, type BoundInput } from "../bind.js";
import { checkSpec } from "../checkSpec.js";
import type { LossSpec } from "../define.js";
import type { Bound, InputKind } from "../inputs.js";
import type { GradInput, InputName, LossInputs } from "../inputTypes.js";
import { inputOf, listsOf } from "../lists.js";
import { chooseInputs, type ChosenInput } from "./chooseInputs.js";
import { readRequests, requestRules, type InputRequest } from "./requests.js";

/** Something for some of the tensors of a loss; an element of a list is named by its place, `fake.0`. */
export type ByTensor<I extends LossInputs, V> = { readonly [K in InputName<I> | ElementName<I>]?: V };

/** The names of the tensors in inputs that are lists. */
export type ElementName<I extends LossInputs> = {
  [K in InputName<I>]-?: "float[]" extends I[K] ? `${K}.${number}` : never;
}[InputName<I>];

/** What a loss is bound to without tensors. */
export interface SymbolicRequest<I extends LossInputs = LossInputs> {
  /** True: the gradient of every differentiable input; or the names of some, of a list for all in it. Default: the loss alone. */
  readonly gradients?: boolean | readonly (GradInput<I> | ElementName<I>)[];
  /** The dtype to compute in. Default `"float32"`. */
  readonly dtype?: FloatDType;
  /** Inputs with a shape or dtype of their own. Naming an optional input makes it one that is given. */
  readonly inputs?: ByTensor<I, InputRequest>;
  /**
   * Short for `inputs` with nothing but a shape: `{ input: ["batch", 10] }`. Of two axes that the loss tells apart only the first can
   * have a name; the other keeps its own.
   */
  readonly shapes?: ByTensor<I, readonly Dim[]>;
}

/** A loss bound to inputs that are not there yet. */
export interface SymbolicLoss {
  /** Every input that is given, with everything decided. */
  readonly inputs: Readonly<Record<string, ChosenInput>>;
  /** Its shapes are of sizes and symbols; its `sizes` mean nothing. */
  readonly binding: Binding;
  readonly gradients: readonly string[];
  /** What the letters of the declaration stand for. */
  readonly letters: Readonly<Record<string, Dim>>;
}

const textsRule: Rule = listRule("a list of names", {
  domain: "a text",
  accepts: (value) => typeof value === "string",
});

export const symbolicRules: Rules<SymbolicRequest> = {
  gradients: {
    domain: "true, false or a list of names of inputs",
    accepts: (value) => typeof value === "boolean" || textsRule.accepts(value),
    read: (value) => (typeof value === "boolean" ? value : textsRule.read?.(value)),
  },
  dtype: { domain: "float16, float32 or float64", accepts: (value) => isInputDType(value) && isFloat(value) },
  ...requestRules,
};

// Binding compares sizes, so each name gets a size of its own that no tensor has, and is put back afterwards. They are so far apart
// that what is computed from some of them differs, too.
const firstStandIn = 2 ** 33;
const standInStep = 1_000_000_007;

function standInOf(index: number): number {
  return firstStandIn + standInStep * (index + 1) ** 2;
}

/**
 * Binds a loss to inputs that are not there yet, from its declaration and what is asked of them: sizes that are not fixed stay symbols.
 *
 * @param typed the loss with its options
 * @param asked shapes and dtypes of single inputs, and the gradients that are wanted
 * @throws InputError, ShapeError or DTypeError where what is asked does not fit the loss
 */
export function bindSymbols<I extends LossInputs>(typed: LossSpec<I>, asked?: SymbolicRequest<I>): SymbolicLoss {
  checkSpec("bindSymbols", typed);
  const spec: LossSpec = typed;
  const read = readOptions(spec.name, asked as SymbolicRequest | undefined, symbolicRules);
  const { dtype = "float32", gradients = false, ...rest } = read;
  const inputs = chooseInputs(spec, dtype, readRequests(spec.name, rest));
  const { binding, letters } = bind(spec, inputs);
  return { inputs, binding, gradients: wantedGradients(spec, binding, gradients), letters };
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

function bind(
  spec: LossSpec,
  inputs: Readonly<Record<string, ChosenInput>>,
): Pick<SymbolicLoss, "binding" | "letters"> {
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
  return { binding: { ...binding, inputs: bound }, letters: Object.fromEntries(real) };
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
