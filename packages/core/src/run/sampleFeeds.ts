import { isListOf, isPlainObject, printValue, readable } from "../arguments.js";
import type { PlainTensor } from "../backend.js";
import { InputError } from "../errors.js";
import { bindInputs, type GivenInput } from "../loss/bind.js";
import type { LossSpec } from "../loss/define.js";
import { allInputs } from "../loss/definition.js";
import type { Bound, InputKind } from "../loss/inputs.js";
import { inputOf, regrouped } from "../loss/lists.js";
import { evaluateDim } from "../tensor/dimArithmetic.js";
import { isSize, readShape, sizeOf, type DimSizes } from "../tensor/dims.js";

/** Numbers that a loss takes, always the same ones, for inputs of these shapes; an element of a list is named by its place, `fake.0`. */
export function sampleFeeds(
  where: string,
  spec: LossSpec,
  shapes: Readonly<Record<string, readonly number[]>>,
): Readonly<Record<string, PlainTensor | readonly PlainTensor[]>> {
  const { definition } = spec.loss;
  const declared = allInputs(definition);
  const given = readable(where, (): Record<string, GivenInput> => {
    if (!isPlainObject(shapes)) {
      throw new InputError(
        `${where}: shapes must be sizes by input, { input: [32, 10] }, got ${printValue(shapes)}.`,
        "MISSING_INPUT",
      );
    }
    return Object.fromEntries(
      Object.entries(shapes).map(([name, shape]) => {
        if (!isListOf(shape, isSize)) {
          throw new InputError(
            `${where}: the shape of ${name} must be a list of sizes, got ${printValue(shape)}.`,
            "INVALID_INPUT",
          );
        }
        const kind = declared[inputOf(name)]?.forms[0]?.holds.kind;
        return [name, { shape: readShape(`${where}: ${name}`, shape), dtype: kind === "index" ? "int32" : "untyped" }];
      }),
    );
  });
  const { inputs, sizes } = bindInputs(definition, given, spec.options);
  const feeds = Object.fromEntries(
    inputs.map(({ name, holds }, i): [string, PlainTensor] => {
      const { shape = [] } = given[name] ?? {};
      return [name, { data: numbersFor(holds, sizeOf(shape), spec, sizes, 1 + i), shape }];
    }),
  );
  return regrouped(definition, feeds) as Readonly<Record<string, PlainTensor>>;
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
