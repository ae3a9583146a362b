import { readFileSync } from "node:fs";
import { inputOf, type AnyLoss, type InputDType, type ShapedArray } from "@losses/core";

interface GoldenInput {
  readonly name: string;
  readonly dtype: InputDType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
  readonly grad?: boolean;
}

interface GoldenCase {
  readonly expected: object;
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly GoldenInput[];
}

/** Inputs for any loss: of its golden cases with default options and numbers alone the first with most gradients, before reduction. */
export function sampleInputs({ lossName }: AnyLoss): Readonly<Record<string, ShapedArray>> {
  const path = new URL(`../../../conformance/fixtures/${lossName}.json`, import.meta.url);
  const cases = JSON.parse(readFileSync(path, "utf8")) as readonly GoldenCase[];
  const usable = cases.filter(
    ({ expected, options, inputs }) =>
      !("error" in expected) &&
      Object.keys(options).every((name) => name === "reduction") &&
      inputs.every(({ data }) => data.length > 0 && data.length < 200 && data.every((x) => Math.abs(x) < 50)),
  );
  // What can be told for each sample can be reduced, too.
  const whole = usable.filter(({ options }) => options["reduction"] === "none");
  const chosen = whole.length > 0 ? whole : usable;
  const [first] = chosen;
  if (first === undefined) throw new Error(`${lossName} has no golden case that a sample can be made of`);
  const gradients = ({ inputs }: GoldenCase): number => inputs.filter(({ grad }) => grad === true).length;
  const fullest = chosen.reduce((most, one) => (gradients(one) > gradients(most) ? one : most), first);
  // Of what is a list the types of a loss whose inputs nobody knows say nothing.
  const samples: Record<string, ShapedArray | ShapedArray[]> = {};
  for (const { name, dtype, shape, data } of fullest.inputs) {
    const tensor = { data: stored(dtype, data), shape, ...(dtype === "bool" ? { dtype } : {}) };
    const input = inputOf(name);
    if (input === name) samples[name] = tensor;
    else samples[input] = [...((samples[input] as ShapedArray[] | undefined) ?? []), tensor];
  }
  return samples as Readonly<Record<string, ShapedArray>>;
}

/** The reductions that a loss has, of these. */
export function reductionsOf<T extends string>({ definition }: AnyLoss, wanted: readonly T[]): readonly T[] {
  return wanted.filter((reduction) => definition.options["reduction"]?.choices?.includes(reduction));
}

function stored(dtype: InputDType, data: readonly number[]): Float32Array | Int32Array | Uint8Array {
  switch (dtype) {
    case "int32":
    case "int64":
      return Int32Array.from(data);
    case "bool":
      return Uint8Array.from(data, Number);
    default:
      return Float32Array.from(data);
  }
}
