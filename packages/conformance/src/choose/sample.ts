import {
  allInputs,
  bindInputs,
  checkSpec,
  evaluateDim,
  InputError,
  inputOf,
  isListOf,
  isPlainObject,
  isSize,
  printValue,
  readable,
  readOptions,
  readShape,
  sizeOf,
  type Binding,
  type Bound,
  type DimSizes,
  type GivenInput,
  type InputKind,
  type LossInputs,
  type LossSpec,
  type PlainTensor,
  type Rules,
} from "@losses/core";
import { Random } from "../fuzz/random.js";

/** Sizes by input; an element of a list is named by its place, `fake.0`. */
export type SampleShapes = Readonly<Record<string, readonly number[]>>;

/** The numbers of one input. */
export interface SampleInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32" | "bool";
  readonly data: Float32Array | Int32Array | Uint8Array;
}

/** The shapes as they were given, each read once. */
export function readShapes(where: string, shapes: unknown): SampleShapes {
  return readable(where, () => {
    if (!isPlainObject(shapes)) {
      throw new InputError(
        `${where}: shapes must be sizes by input, { input: [32, 10] }, got ${printValue(shapes)}.`,
        "MISSING_INPUT",
      );
    }
    return Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => {
        if (isListOf(shape, isSize)) return [name, readShape(`${where}: ${name}`, shape)];
        throw new InputError(
          `${where}: the shape of ${name} must be a list of sizes, got ${printValue(shape)}.`,
          "INVALID_INPUT",
        );
      }),
    );
  });
}

/** A loss bound to inputs of these shapes; throws the typed errors of core. */
export function bindShapes({ loss: { definition }, options }: LossSpec, shapes: SampleShapes): Binding {
  const declared = allInputs(definition);
  const given = Object.fromEntries(
    Object.entries(shapes).map(([name, shape]): [string, GivenInput] => {
      const kind = declared[inputOf(name)]?.forms[0]?.holds.kind;
      return [name, { shape, dtype: kind === "index" ? "int32" : "untyped" }];
    }),
  );
  return bindInputs(definition, given, options);
}

/** How numbers are drawn. */
export interface SampleOptions {
  /** Where an input names no range: from −1 to 1, or, for losses that take logarithms of it, from 0. Default −1. */
  readonly least?: -1 | 0;
}

const sampleRules: Rules<SampleOptions> = {
  least: { domain: "-1 or 0", accepts: (value) => value === -1 || value === 0 },
};

/**
 * Numbers that a loss takes, always the same ones, for inputs of these shapes: within their ranges, below their bounds, lengths that
 * fit.
 *
 * @param shapes sizes by input; an element of a list is named by its place, `fake.0`
 * @throws InputError or ShapeError where the shapes do not fit the loss; OptionError on wrong options
 * @example
 * ```ts
 * const inputs = drawInputs(crossEntropy(), { input: [32, 10], target: [32] });
 * ```
 */
export function drawInputs<I extends LossInputs>(
  typed: LossSpec<I>,
  shapes: SampleShapes,
  options?: SampleOptions,
): readonly SampleInput[] {
  checkSpec("drawInputs", typed);
  const { least = -1 } = readOptions("drawInputs", options, sampleRules);
  const spec: LossSpec = typed;
  const read = readShapes("drawInputs", shapes);
  const { inputs, sizes } = bindShapes(spec, read);
  return inputs.map(({ name, holds }, i): SampleInput => {
    const shape = read[name] ?? [];
    const data = numbersFor(holds, sizeOf(shape), { spec, sizes, least, random: new Random(1 + i) });
    return { name, shape, dtype: dtypeOf(data), data };
  });
}

/**
 * What there is for each tensor, as a compiled loss takes it: elements as the lists that they are of.
 *
 * @example
 * ```ts
 * const feeds = groupByInput(inputs.map((input) => [input.name, backend.tensor(input)]));
 * ```
 */
export function groupByInput<V>(
  tensors: readonly (readonly [string, V])[],
): Readonly<Record<string, V | readonly V[]>> {
  const pairs = readable("groupByInput", () => {
    const own: (readonly [string, V])[] = [];
    const isPair = (pair: unknown): boolean => {
      if (!Array.isArray(pair) || pair.length !== 2) return false;
      const [name, value] = pair as unknown as readonly [unknown, V];
      return typeof name === "string" && own.push([name, value]) > 0;
    };
    if (isListOf(tensors, isPair)) return own;
    throw new InputError(
      `groupByInput: tensors must be a list of pairs of a name and a tensor, got ${printValue(tensors)}.`,
      "INVALID_INPUT",
    );
  });
  const single: Record<string, V> = {};
  const lists: Record<string, V[]> = {};
  for (const [name, value] of pairs) {
    const input = inputOf(name);
    if (input === name) single[name] = value;
    else (lists[input] ??= []).push(value);
  }
  return { ...single, ...lists };
}

/** The inputs as a compiled loss takes them. */
export function feedsFrom(
  inputs: readonly SampleInput[],
): Readonly<Record<string, PlainTensor | readonly PlainTensor[]>> {
  return groupByInput(
    inputs.map(({ name, data, shape, dtype }): [string, PlainTensor] => [name, { data, shape, dtype }]),
  );
}

function dtypeOf(data: SampleInput["data"]): SampleInput["dtype"] {
  if (data instanceof Uint8Array) return "bool";
  return data instanceof Int32Array ? "int32" : "float32";
}

/** What numbers depend on. */
interface Draw {
  readonly spec: LossSpec;
  readonly sizes: DimSizes;
  readonly least: -1 | 0;
  readonly random: Random;
}

function numbersFor(holds: InputKind, count: number, { spec, sizes, least, random }: Draw): SampleInput["data"] {
  switch (holds.kind) {
    case "mask":
      return new Uint8Array(count).fill(1);
    case "float":
    case "number": {
      const { from = least, to = 1 } = holds.range ?? {};
      const values = holds.kind === "number" ? holds.values : undefined;
      const [low, high] = [Math.max(from, Math.min(-1, to)), Math.min(to, Math.max(1, from))];
      return Float32Array.from({ length: count }, (_, i) =>
        values === undefined ? low + (high - low) * random.next() : (values[i % values.length] ?? 0),
      );
    }
    case "index": {
      const below = boundOf(holds.below, spec, sizes) ?? (boundOf(holds.atMost, spec, sizes) ?? holds.from + 9) + 1;
      const total = holds.sum === undefined ? undefined : evaluateDim(holds.sum, sizes);
      if (total !== undefined) {
        return Int32Array.from(
          { length: count },
          (_, i) => Math.floor(((i + 1) * total) / count) - Math.floor((i * total) / count),
        );
      }
      return Int32Array.from({ length: count }, () => holds.from + Math.floor(random.next() * (below - holds.from)));
    }
  }
}

/** A bound that is known before the numbers are. Of one that another input holds, the least that it can be. */
function boundOf(bound: Bound | undefined, { options }: LossSpec, sizes: DimSizes): number | undefined {
  if (bound === undefined || typeof bound === "number") return bound;
  if (typeof bound === "string") return evaluateDim(bound, sizes);
  if ("computed" in bound) return evaluateDim(bound.of(sizes), sizes);
  if ("input" in bound) return 0;
  const value = options[bound.option];
  return typeof value === "number" ? value : undefined;
}
