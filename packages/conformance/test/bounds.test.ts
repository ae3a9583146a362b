import {
  allLosses,
  bindInputs,
  evaluateDim,
  specFromJSON,
  type Backend,
  type BoundInput,
  type LossSpec,
  type Shape,
} from "@losses/core";
import { createBackend as createJs } from "@losses/js";
import { exportLoss, type Provider } from "@losses/onnx";
import { createBackend as createOnnxRuntime } from "@losses/onnxruntime";
import { createBackend as createTfjs } from "@losses/tfjs";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, it } from "vitest";
import { feedsOf } from "../src/cases/runCase.js";
import { loadFixtures, type Fixture } from "../src/index.js";

// Every loss that says what its integers, or its numbers, may be: a backend refuses others, an exported model answers NaN throughout.

interface Spoilt {
  readonly spec: LossSpec;
  readonly fixture: Fixture;
  readonly input: string;
  /** The shapes of all inputs, in letters. */
  readonly shapes: Readonly<Record<string, Shape>>;
  /** Numbers that the input must not hold. */
  readonly bad: readonly number[];
}

const isBounded = ({ holds }: BoundInput): boolean =>
  holds.kind === "index"
    ? holds.below !== undefined || holds.atMost !== undefined
    : holds.kind === "float" && holds.range !== undefined;

/** What an input must not hold, next to its bounds and far away. */
function outside({ holds }: BoundInput, spec: LossSpec, sizes: Readonly<Record<string, number>>): readonly number[] {
  if (holds.kind === "float" && holds.range !== undefined) {
    const { from, to } = holds.range;
    return [from - 0.5, -Infinity, ...(to === Infinity ? [] : [to + 0.5, Infinity])];
  }
  if (holds.kind !== "index") return [];
  const { below, atMost, from } = holds;
  const limit = (bound: typeof below): number => {
    if (typeof bound === "number") return bound;
    if (typeof bound === "string") return evaluateDim(bound, sizes) ?? Infinity;
    if (bound === undefined || "input" in bound) return Infinity;
    return "option" in bound ? Number(spec.options[bound.option]) : Number(bound.of(sizes));
  };
  const most = Math.min(limit(below), limit(atMost) + 1);
  const allowed = typeof holds.except === "string" ? spec.options[holds.except] : holds.except;
  const high = most < 2 ** 31 ? [most, 2 ** 31 - 1] : [];
  return [from - 1, -(2 ** 31), ...high].filter((x) => x !== allowed);
}

const spoilt: readonly Spoilt[] = loadFixtures().flatMap((fixture): Spoilt[] => {
  if ("error" in fixture.expected || fixture.inputs.some(({ data }) => data.length === 0)) return [];
  const spec = specFromJSON(allLosses, { name: fixture.loss, options: fixture.options });
  const given = Object.fromEntries(fixture.inputs.map(({ name, shape, dtype }) => [name, { shape, dtype }]));
  const { inputs, sizes } = bindInputs(spec.loss.definition, given, spec.options);
  const shapes = Object.fromEntries(inputs.map(({ name, shape }) => [name, shape]));
  return inputs
    .filter(isBounded)
    .map((input) => ({ spec, fixture, shapes, input: input.name, bad: outside(input, spec, sizes) }));
});

const keyOf = ({ spec, input, fixture }: Spoilt): string => {
  const own = fixture.inputs.find(({ name }) => name === input);
  return `${spec.name}: ${input} of rank ${own?.shape.length}`;
};

/** One case for every loss, input and rank. */
const chosen = [...new Map([...spoilt].reverse().map((one) => [keyOf(one), one])).values()].reverse();

const withBad = (fixture: Fixture, input: string, bad: number): Fixture => ({
  ...fixture,
  inputs: fixture.inputs.map((one) => (one.name === input ? { ...one, data: [...one.data.slice(0, -1), bad] } : one)),
});

const backends: readonly [string, () => Promise<Backend<unknown>>][] = [
  ["js:scalar", () => createJs({ engine: "scalar" })],
  ["js:wasm", () => createJs({ engine: "wasm" })],
  ["tfjs:cpu", () => createTfjs({ device: "cpu" })],
  ["tfjs:wasm", () => createTfjs({ device: "wasm" })],
  ["onnxruntime:cpu", () => createOnnxRuntime({ device: "cpu" })],
];

describe("numbers out of the range that a loss declares", () => {
  it("are tried of every loss that declares one", () => {
    const declaring = allLosses.filter(({ definition }) =>
      [...Object.values(definition.inputs), ...Object.values(definition.optionalInputs ?? {})].some(({ forms }) =>
        forms.some(({ holds }) => isBounded({ holds } as BoundInput)),
      ),
    );
    expect(new Set(chosen.map(({ spec }) => spec.name))).toEqual(new Set(declaring.map(({ lossName }) => lossName)));
    expect(declaring.length).toBeGreaterThan(20);
  });

  describe.each(backends)("are refused by %s", (_, create) => {
    let made: Promise<Backend<unknown>> | undefined;
    afterAll(async () => (await made)?.dispose());

    it.each(chosen.map((one) => [keyOf(one), one] as const))("%s", async (_key, { spec, fixture, input, bad }) => {
      const backend = await (made ??= create());
      const loss = await backend.compile(spec);
      expect(bad.length).toBeGreaterThan(0);
      for (const number of bad) {
        await expect(loss.value(feedsOf(withBad(fixture, input, number), spec)), `${number}`).rejects.toThrow(
          new RegExp(`${spec.name}: ${input} must `),
        );
      }
    });
  });

  describe.each(["any", "cpu"] as const)("make all that an exported model gives NaN, for %s", (provider) => {
    it.each(chosen.map((one) => [keyOf(one), one] as const))("%s", async (_key, one) => {
      const { spec, fixture, input, bad } = one;
      // Recursions of any length are for the processor alone.
      const model = exported(one, provider, provider === "any" && spec.name === "ctcLoss");
      const session = await ort.InferenceSession.create(model, { logSeverityLevel: 4, intraOpNumThreads: 1 });
      const run = async (given: Fixture): Promise<readonly number[]> =>
        Object.values(await session.run(tensorsOf(given))).flatMap(({ data }) => [...(data as Float32Array)]);
      expect(await run(fixture)).not.toContain(NaN);
      for (const number of bad) {
        const found = await run(withBad(fixture, input, number));
        expect(
          found.filter((x) => !Number.isNaN(x)),
          `${number}`,
        ).toEqual([]);
        expect(found.length).toBeGreaterThan(0);
      }
      await session.release();
    });
  });
});

/** The model with gradients, of sizes that are known or have letters. */
function exported({ spec, fixture, shapes }: Spoilt, provider: Provider, isSized: boolean): Uint8Array {
  const { inputs } = fixture;
  return exportLoss(spec, {
    provider,
    gradients: inputs.filter(({ grad }) => grad).map(({ name }) => name),
    shapes: isSized ? Object.fromEntries(inputs.map(({ name, shape }) => [name, shape])) : shapes,
    inputs: Object.fromEntries(inputs.map(({ name, dtype }) => [name, isInteger(dtype) ? { dtype: "int32" } : {}])),
  });
}

const isInteger = (dtype: string): boolean => dtype.startsWith("int");

function tensorsOf({ inputs }: Fixture): Readonly<Record<string, ort.Tensor>> {
  return Object.fromEntries(
    inputs.map(({ name, dtype, data, shape }) => {
      const tensor = isInteger(dtype)
        ? new ort.Tensor("int32", Int32Array.from(data), shape)
        : dtype === "bool"
          ? new ort.Tensor("bool", Uint8Array.from(data), shape)
          : new ort.Tensor("float32", Float32Array.from(data), shape);
      return [name, tensor] as const;
    }),
  );
}
