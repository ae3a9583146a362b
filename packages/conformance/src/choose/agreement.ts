import {
  gradientOutput,
  LossesError,
  sizeCheck,
  traceLoss,
  type FloatDType,
  type HostTensor,
  type LossSpec,
} from "@losses/core";
import { workOf } from "../analysis/work.js";
import { decodeNumber, encodeTensor } from "../cases/caseFormat.js";
import { compareTensor } from "../suite/compare.js";
import { boundSpec, type OutputBounds } from "../suite/oracle.js";
import { bindShapes, drawInputs, type SampleInput, type SampleShapes } from "./sample.js";

/** What a backend's results are held to: the error analysis of the loss's own graph, which needs no other backend. */
export interface Agreement {
  /** What to feed. */
  readonly inputs: readonly SampleInput[];
  /** How far results, by the names of outputs, are from the truth. */
  readonly judge: (results: Readonly<Record<string, HostTensor>>, dtype: FloatDType) => Verdict;
}

export interface Verdict {
  /** The largest error in units of what is allowed. */
  readonly worst: number;
  /** What is beyond that; empty where nothing is. */
  readonly problems: readonly string[];
}

/** The most elements and products that all nodes of a graph may have together to be analysed in a moment. */
const mostWork = 2 ** 18;

/**
 * Bounds for a loss at these sizes. Where its graph is too large to be analysed, no axis is longer than the largest power of two that
 * makes it small enough: backends run one program for all sizes.
 */
export function agreementFor(spec: LossSpec, shapes: SampleShapes, withGradients: boolean): Agreement {
  const whole = attempt(spec, shapes, withGradients);
  const checked = whole.work <= mostWork ? whole : smaller(spec, shapes, withGradients, whole);
  const inputs = drawInputs(spec, checked.shapes);
  const gradients = withGradients ? whole.gradients : [];
  const known = new Map<FloatDType, Readonly<Record<string, OutputBounds>>>();
  const boundsIn = (dtype: FloatDType): Readonly<Record<string, OutputBounds>> => {
    const bounds = known.get(dtype) ?? boundSpec(spec, inputs, { dtype, gradients, parts: false });
    known.set(dtype, bounds);
    return bounds;
  };
  return { inputs, judge: (results, dtype) => judge(boundsIn(dtype), results, dtype) };
}

interface Attempt {
  readonly shapes: SampleShapes;
  readonly gradients: readonly string[];
  /** How many elements and products the nodes have together. */
  readonly work: number;
}

function attempt(spec: LossSpec, shapes: SampleShapes, withGradients: boolean): Attempt {
  const binding = bindShapes(spec, shapes);
  const gradients = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  const graph = traceLoss(spec, binding, { dtype: "float32", gradients: withGradients ? gradients : [] });
  sizeCheck(graph)?.(binding.sizes);
  const { elements, products } = workOf(graph, binding.sizes);
  return { shapes, gradients, work: elements + products };
}

/** The same loss with shorter axes; not every loss takes every length. */
function smaller(spec: LossSpec, shapes: SampleShapes, withGradients: boolean, whole: Attempt): Attempt {
  let best = whole;
  const longest = Math.max(...Object.values(shapes).flat());
  for (let most = 2 ** Math.floor(Math.log2(longest)); most > 1 && best.work > mostWork; most /= 2) {
    const cut = Object.entries(shapes).map(([name, shape]) => [name, shape.map((size) => Math.min(size, most))]);
    try {
      best = attempt(spec, Object.fromEntries(cut) as SampleShapes, withGradients);
    } catch (error) {
      if (!(error instanceof LossesError)) throw error;
    }
  }
  return best;
}

function judge(
  bounds: Readonly<Record<string, OutputBounds>>,
  results: Readonly<Record<string, HostTensor>>,
  dtype: FloatDType,
): Verdict {
  const comparisons = Object.entries(bounds).map(([output, bound]) => {
    const result = results[output];
    if (result === undefined) return { worst: Infinity, problems: [`${nameOf(output)}: expected one, got none`] };
    const { shape, data } = encodeTensor(result);
    const actual = { shape, data: data.map((item) => decodeNumber(item) ?? Number.NaN) };
    const expected = { shape: bound.shape, data: [...bound.value] };
    const { worst, discrepancies } = compareTensor(nameOf(output), expected, actual, bound, dtype);
    return { worst, problems: discrepancies.map(({ message }) => message) };
  });
  return {
    worst: Math.max(0, ...comparisons.map(({ worst }) => worst)),
    problems: comparisons.flatMap(({ problems }) => problems),
  };
}

const gradientPrefix = gradientOutput("");

/** `grad(input)` for the output that is the gradient of an input. */
function nameOf(output: string): string {
  return output.startsWith(gradientPrefix) ? `grad(${output.slice(gradientPrefix.length)})` : output;
}
