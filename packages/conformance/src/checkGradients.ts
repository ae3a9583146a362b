import {
  checkSpec,
  elementName,
  InputError,
  isPlainObject,
  printValue,
  readable,
  readOptions,
  type Backend,
  type Feeds,
  type HostTensor,
  type LossInputs,
  type LossSpec,
  type PlainTensor,
  type Rules,
  type ShapedArray,
} from "@losses/core";
import { createReferenceBackend } from "./analysis/reference.js";
import { countRule } from "./arguments.js";
import { spread } from "./spread.js";

interface Kink {
  readonly input: string;
  readonly position: number;
  readonly left: number;
  readonly right: number;
}

export interface GradientReport {
  /** What is wrong, a sentence each: empty where the gradient is right. */
  readonly problems: readonly string[];
  /** How many elements were looked at. */
  readonly checked: number;
  /** Elements at a kink, where the gradient lies between the slopes of both sides, as a subgradient does. */
  readonly kinks: readonly Kink[];
}

type GradientFeeds = Readonly<Record<string, PlainTensor | readonly PlainTensor[]>>;

export interface CheckGradientsOptions {
  /** So many elements of each input at most, spread evenly over it. Default 100. */
  readonly elements?: number;
}

const rules: Rules<CheckGradientsOptions> = { elements: countRule };

/**
 * Holds the gradients of a loss to difference quotients of its value, in float64: for a loss of your own.
 *
 * A gradient at a kink is right where it lies between the slopes of both sides; which of them it must be, only a reference says. Take
 * inputs that are ordinary, and each kink and each degenerate one besides.
 *
 * @param feeds plain data by input, as for `value`
 * @throws what a call of the loss with these inputs throws
 * @example
 * ```ts
 * const { problems } = await checkGradients(logCosh(), { input: [0.5, -1, 2], target: [0, 1, 2] });
 * expect(problems).toEqual([]);
 * ```
 */
export async function checkGradients<I extends LossInputs>(
  spec: LossSpec<I>,
  feeds: Feeds<PlainTensor, I>,
  options?: CheckGradientsOptions,
): Promise<GradientReport> {
  checkSpec("checkGradients", spec);
  const { elements = 100 } = readOptions("checkGradients", options, rules);
  const backend = createReferenceBackend();
  const loss = await backend.compile(spec as LossSpec, { dtype: "float64" });
  const given = readable(spec.name, () => {
    if (!isPlainObject(feeds)) {
      throw new InputError(
        `${spec.name}: inputs must be a plain object by name, got ${printValue(feeds)}.`,
        "INVALID_INPUT",
      );
    }
    return { ...feeds } as Record<string, PlainTensor | readonly PlainTensor[]>;
  });
  const { grads } = await loss.valueAndGrad(asFeeds(given));
  const inputs = Object.entries(grads as Readonly<Record<string, HostTensor | readonly HostTensor[]>>);
  for (const [input, gradient] of inputs) given[input] = await inDouble(backend, given[input] ?? [], gradient);
  const total = async (changed: GradientFeeds): Promise<number> =>
    Array.from<number | bigint, number>((await loss.value(asFeeds(changed))).data, Number).reduce((a, b) => a + b, 0);
  const here = await total(given);
  const problems: string[] = [];
  const kinks: Kink[] = [];
  let checked = 0;
  for (const { name, at, gradient, moved } of inputs.flatMap(([input, all]) => elementsOf(input, given, all))) {
    for (const position of spread(
      Array.from(gradient.data, (_, i) => i),
      elements,
    )) {
      const step = Math.cbrt(Number.EPSILON) * Math.max(1, Math.abs(at(position)));
      const [below, above] = [
        await total(moved(position, -step)).catch(outsideOnly),
        await total(moved(position, step)).catch(outsideOnly),
      ];
      const left = below === undefined ? undefined : (here - below) / step;
      const right = above === undefined ? undefined : (above - here) / step;
      const stated = Number(gradient.data[position]);
      checked += 1;
      const verdict = judge(stated, { left, right }, here, step);
      if (verdict === "kink") kinks.push({ input: name, position, left: left ?? NaN, right: right ?? NaN });
      if (verdict !== "wrong") continue;
      problems.push(
        `${spec.name}: the gradient of ${name} at position ${position} must be the slope of the value, ${left} from the left and ${right} from the right, got ${stated}.`,
      );
    }
  }
  return { problems, checked, kinks };
}

/** Of a loss whose inputs nobody knows, one tensor is expected for each by the types. */
function asFeeds(feeds: GradientFeeds): Readonly<Record<string, PlainTensor>> {
  return feeds as Readonly<Record<string, PlainTensor>>;
}

interface Moving {
  readonly name: string;
  readonly at: (position: number) => number;
  readonly gradient: HostTensor;
  readonly moved: (position: number, by: number) => GradientFeeds;
}

/** The tensors of one input, and what is fed where an element of one of them has moved. */
function elementsOf(input: string, feeds: GradientFeeds, all: HostTensor | readonly HostTensor[]): readonly Moving[] {
  const isList = Array.isArray(all);
  const tensors = (isList ? feeds[input] : [feeds[input]]) as readonly ShapedArray[];
  return (isList ? (all as readonly HostTensor[]) : [all as HostTensor]).map((gradient, place) => {
    const { data, shape } = tensors[place] ?? { data: [], shape: [] };
    const moved = (position: number, by: number): GradientFeeds => {
      const changed = Float64Array.from(data as readonly number[]);
      changed[position] = (changed[position] ?? 0) + by;
      const one = { data: changed, shape };
      return { ...feeds, [input]: isList ? tensors.map((other, i) => (i === place ? one : other)) : one };
    };
    return {
      name: isList ? elementName(input, place) : input,
      at: (position) => Number(data[position]),
      gradient,
      moved,
    };
  });
}

/** The numbers of an input in float64, so that a small step is one. */
async function inDouble(
  backend: Backend<HostTensor>,
  data: PlainTensor | readonly PlainTensor[],
  gradient: HostTensor | readonly HostTensor[],
): Promise<ShapedArray | readonly ShapedArray[]> {
  const one = async (tensor: PlainTensor): Promise<ShapedArray> => {
    const { data: numbers, shape } = await backend.read(backend.tensor(tensor, { dtype: "float64" }));
    return { data: Float64Array.from<number | bigint>(numbers, Number), shape };
  };
  return Array.isArray(gradient) ? Promise.all((data as readonly PlainTensor[]).map(one)) : one(data as PlainTensor);
}

interface Slopes {
  readonly left: number | undefined;
  readonly right: number | undefined;
}

/** A central quotient is off by the square of the step, and by the rounding of the value over the step; one of one side by the step. */
function judge(stated: number, { left, right }: Slopes, value: number, step: number): "right" | "kink" | "wrong" {
  const rounding = (64 * Number.EPSILON * Math.abs(value)) / step;
  const scale = 1 + Math.abs(stated);
  const [central, oneSided] = [1e-6 * scale + rounding, 1e3 * step * scale + rounding];
  if (left === undefined || right === undefined) {
    const only = left ?? right;
    return only === undefined || Math.abs(stated - only) <= oneSided ? "right" : "wrong";
  }
  if (Math.abs(stated - (left + right) / 2) <= central) return "right";
  const isKink = Math.abs(left - right) > oneSided;
  const isBetween = stated >= Math.min(left, right) - oneSided && stated <= Math.max(left, right) + oneSided;
  return isKink && isBetween ? "kink" : "wrong";
}

/** A step that leaves the domain of an input says nothing of the slope. */
function outsideOnly(error: unknown): undefined {
  if (error instanceof InputError) return undefined;
  throw error;
}
