import {
  allInputs,
  bindInputs,
  evaluateDim,
  InputError,
  inputOf,
  isListOf,
  isPlainObject,
  isSize,
  printValue,
  readable,
  readShape,
  sizeOf,
  type Binding,
  type Bound,
  type DimSizes,
  type GivenInput,
  type InputKind,
  type LossSpec,
  type PlainTensor,
} from "@losses/core";

/** Sizes by input; an element of a list is named by its place, `fake.0`. */
export type SampleShapes = Readonly<Record<string, readonly number[]>>;

/** The numbers of one input. */
export interface SampleInput {
  readonly name: string;
  readonly shape: readonly number[];
  readonly dtype: "float32" | "int32";
  readonly data: Float32Array | Int32Array;
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

/** Numbers that a loss takes, always the same ones, for inputs of these shapes. */
export function sample(spec: LossSpec, shapes: SampleShapes): readonly SampleInput[] {
  const { inputs, sizes } = bindShapes(spec, shapes);
  return inputs.map(({ name, holds }, i): SampleInput => {
    const shape = shapes[name] ?? [];
    const data = numbersFor(holds, sizeOf(shape), spec, sizes, 1 + i);
    return { name, shape, dtype: data instanceof Int32Array ? "int32" : "float32", data };
  });
}

/** The inputs as a compiled loss takes them: elements as the lists that they are of. */
export function feedsFrom(
  inputs: readonly SampleInput[],
): Readonly<Record<string, PlainTensor | readonly PlainTensor[]>> {
  const feeds: Record<string, PlainTensor> = {};
  const lists: Record<string, PlainTensor[]> = {};
  for (const { name, data, shape } of inputs) {
    const list = inputOf(name);
    if (list === name) feeds[name] = { data, shape };
    else (lists[list] ??= []).push({ data, shape });
  }
  return { ...feeds, ...lists };
}

function numbersFor(
  holds: InputKind,
  count: number,
  spec: LossSpec,
  sizes: DimSizes,
  seed: number,
): Float32Array | Int32Array {
  const random = randomNumbers(seed);
  switch (holds.kind) {
    case "mask":
      return new Float32Array(count).fill(1);
    case "float":
    case "number": {
      const { from = -1, to = 1 } = holds.range ?? {};
      const values = holds.kind === "number" ? holds.values : undefined;
      const [low, high] = [Math.max(from, Math.min(-1, to)), Math.min(to, Math.max(1, from))];
      return Float32Array.from({ length: count }, (_, i) =>
        values === undefined ? low + (high - low) * random() : (values[i % values.length] ?? 0),
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
      return Int32Array.from({ length: count }, () => holds.from + Math.floor(random() * (below - holds.from)));
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

/** Numbers in [0, 1) by Lehmer's generator. */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => (state = (48_271 * state) % 2_147_483_647) / 2_147_483_647;
}
