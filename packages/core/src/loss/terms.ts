import { printValue, readable, readParts, type Rule, type Rules } from "../arguments.js";
import { DTypeError, LossesError, OptionError } from "../errors.js";
import { nodeAt, type Graph } from "../graph/graph.js";
import { rowAxes, type RowAxis } from "../graph/rowAxis.js";
import { Tracer } from "../graph/trace.js";
import { symbolsOf } from "../tensor/dimArithmetic.js";
import { sameShape, type Dim, type Shape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { bindInputs, type Binding, type GivenInput } from "./bind.js";
import { checkSpec } from "./checkSpec.js";
import type { LossSpec } from "./define.js";
import { allInputs } from "./definition.js";
import { derive } from "./derive.js";
import { lossTermsOf } from "./evaluate.js";
import { inputOf } from "./lists.js";
import { batchOf, type WeightedValues } from "./reduce.js";
import { traceInputs } from "./traceLoss.js";

/** A summand of a loss before its reduction: what is needed to compute the loss of many samples from batches of them. */
export interface LossTerm {
  /** Its values. Where the mean is weighted, values and weights, along a new first axis of size 2. */
  readonly spec: LossSpec;
  readonly isWeighted: boolean;
  /** The axes of the values (without the new one), in the symbols of the binding. */
  readonly shape: Shape;
  /** The mean divides by the product of these sizes, unless it is weighted; so does `batchmean`, always. */
  readonly divisor: Shape;
  /** The symbol of the axis that counts samples, the first of the values; `undefined` where there is none. */
  readonly samples: string | undefined;
  /** The inputs whose rows are those samples. */
  readonly sampleInputs: readonly string[];
  /** True where each row of the values depends on its own sample only, so that batches give what the whole gives. */
  readonly isSeparable: boolean;
}

/** The factors of a term in the whole loss: `values · Σ values + weights · Σ weights`. */
export interface TermFactors {
  readonly values: number;
  readonly weights: number;
}

/**
 * The summands of a loss, each with its values before reduction as a spec that any backend compiles.
 *
 * The loss of N samples is, for each term, the sum of the values of all batches over the sum of their weights (or over the
 * number of values), whatever the batches are: sums over batches can be kept in float64 and divided at the end.
 *
 * @param spec the loss; of its options only `reduction` is left out of account, except that `batchmean` has its divisor
 * @param given shapes and dtypes of the inputs
 * @throws what a call with such inputs throws
 * @example
 * ```ts
 * const [term] = lossTerms(crossEntropy({ ignoreIndex: 0 }), {
 *   input: { shape: [5000, 10], dtype: "float32" },
 *   target: { shape: [5000], dtype: "int32" },
 * });
 * term.isWeighted; // true: ignored samples weigh 0
 * ```
 */
export function lossTerms(spec: LossSpec, given: Readonly<Record<string, GivenInput>>): readonly LossTerm[] {
  checkSpec("lossTerms", spec);
  const binding = bindInputs(spec.loss.definition, given, spec.options);
  const { graph, terms } = traceTerms(spec, binding);
  const declared = Object.entries(allInputs(spec.loss.definition));
  const parameters = new Set(declared.flatMap(([name, { isParameter }]) => (isParameter ? [name] : [])));
  return terms.map(({ values, weights, divisor }, index): LossTerm => {
    const { shape } = nodeAt(graph, values);
    const [samples] = shape;
    const isWeighted = weights !== undefined;
    const common = { spec: unreduced(spec, index, isWeighted), isWeighted, shape, divisor };
    const alone = { ...common, samples: undefined, sampleInputs: [], isSeparable: false };
    if (typeof samples !== "string") return alone;
    const axes = rowAxes(graph, samples);
    const isRow = (axis: RowAxis | undefined): boolean => axis === 0;
    const isSeparable = isRow(axes[values]) && (weights === undefined || isRow(axes[weights]));
    const letters = isSeparable ? [samples] : rowsTogether(binding, parameters, samples);
    if (letters.length === 0) return alone;
    return {
      ...common,
      samples: letters[0],
      sampleInputs: binding.inputs.flatMap(({ name, shape: [rows] }) =>
        letters.some((letter) => letter === rows) ? [name] : [],
      ),
      isSeparable,
    };
  });
}

/**
 * A spec whose value is `Σ_k factors_k.values · Σ values_k + factors_k.weights · Σ weights_k` over the terms of a loss: with
 * the factors of the whole, the gradients of a batch are its share in the gradients of the whole loss.
 *
 * For the weighted mean S / W they are `1 / W` and `−S / W²`, as `d(S/W) = dS / W − S dW / W²`.
 *
 * @param given factors for each term of {@link lossTerms}
 */
export function combineTerms(spec: LossSpec, given: readonly TermFactors[]): LossSpec {
  checkSpec("combineTerms", spec);
  const factors = readable("combineTerms", () => {
    if (!Array.isArray(given)) {
      throw new OptionError(`combineTerms: factors must be a list of { values, weights }, got ${printValue(given)}.`);
    }
    const own: TermFactors[] = [];
    for (let i = 0; i < given.length; i++) {
      own.push(readParts("combineTerms", given[i] as TermFactors, factorRules, ["values", "weights"]));
    }
    return own;
  });
  return derive(spec, (terms) => {
    const scaled = terms.map(({ values, weights }, index) => {
      const factor = factors[index] ?? { values: 1, weights: 0 };
      const own = values.mul(factor.values).sum();
      return weights === undefined ? own : own.add(weights.mul(factor.weights).sum());
    });
    return scaled.reduce((sum, term) => sum.add(term));
  });
}

const numberRule: Rule = { domain: "a number", accepts: (value) => typeof value === "number" };
const factorRules: Rules<TermFactors> = { values: numberRule, weights: numberRule };

interface TracedTerm {
  readonly values: number;
  readonly weights: number | undefined;
  readonly divisor: Shape;
}

function traceTerms(
  spec: LossSpec,
  binding: Binding,
): { readonly graph: Graph; readonly terms: readonly TracedTerm[] } {
  const tracer = new Tracer();
  const { seen } = traceInputs(tracer, spec, binding.inputs, "float32");
  const found = lossTermsOf(spec, seen);
  const terms = found.map((term): TracedTerm => {
    const { values, weights } = term;
    if (weights !== undefined) checkWeights(spec, term);
    const isBatchMean = spec.options["reduction"] === "batchmean";
    return {
      values: tracer.idOf(values),
      weights: weights === undefined ? undefined : tracer.idOf(weights),
      divisor: isBatchMean ? dimsOf(tracer, spec, batchOf(term)) : values.shape,
    };
  });
  const outputs = Object.fromEntries(
    terms.flatMap(({ values, weights }, i): [string, number][] => [
      [`values${i}`, values],
      ...(weights === undefined ? [] : [[`weights${i}`, weights] satisfies [string, number]]),
    ]),
  );
  return { graph: tracer.builder.finish(spec.name, outputs), terms };
}

function checkWeights({ name }: LossSpec, { values, weights }: WeightedValues): void {
  if (weights === undefined || (sameShape(weights.shape, values.shape) && weights.dtype === values.dtype)) return;
  throw new DTypeError(`${name}: the weights of a mean must have the shape and dtype of the values, got others.`);
}

/** The dimensions whose product a traced size is. */
function dimsOf(tracer: Tracer, { name }: LossSpec, size: Tensor): Shape {
  const node = tracer.builder.node(tracer.idOf(size));
  if (node.op === "dimSize") return node.attrs.dims;
  throw new LossesError(
    "INVALID_DEFINITION",
    `${name}: batch must be the size of an axis (x.count(0)), got a computed number.`,
  );
}

/** One term as it is before reduction. */
function unreduced(spec: LossSpec, index: number, isWeighted: boolean): LossSpec {
  return derive(spec, (terms) => {
    const { values, weights } = terms[index] ?? terms[0];
    if (!isWeighted || weights === undefined) return values;
    const isFirst = values
      .unsqueeze(0)
      .expand([2, ...values.shape])
      .iota(0)
      .equal(0);
    return isFirst.where(values.unsqueeze(0), weights.unsqueeze(0));
  });
}

/**
 * The letters that count rows which go together where samples meet: image i and text i, of which there are as many. Where there
 * are more of one than of the other, or a matrix has both for axes, no batch of rows says what belongs together.
 */
function rowsTogether({ inputs, sizes }: Binding, parameters: ReadonlySet<string>, samples: string): readonly string[] {
  const given = inputs.filter(({ name }) => !parameters.has(inputOf(name)));
  const isLetter = (dim: Dim | undefined): dim is string => typeof dim === "string";
  const letters = [...new Set(given.map(({ shape }) => shape[0]).filter(isLetter))];
  const across = new Set(inputs.flatMap(({ shape }) => shape.slice(1).flatMap(symbolsOf)));
  const areTogether = letters.every((letter) => sizes[letter] === sizes[samples] && !across.has(letter));
  return letters.includes(samples) && areTogether ? letters : [];
}
