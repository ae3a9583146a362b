import {
  allLosses,
  bindInputs,
  fromHalfBits,
  halfBits,
  specFromJSON,
  traceLoss,
  type FloatDType,
  type Graph,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { precisionOf, isRepresentable, quantum } from "../src/analysis/precision.js";
import { exactly } from "../src/analysis/bounded.js";
import { Sum } from "../src/analysis/sums.js";
import { rounded } from "../src/analysis/rounding.js";
import { groupBy } from "../src/groupBy.js";
import { spread } from "../src/spread.js";
import { analyze, boundCase, loadFixtures, tolerances, type Bounded, type Fixture } from "../src/index.js";
import { singlePrecision } from "./singlePrecision.js";

const float32 = precisionOf("float32");

describe("the analysis", { timeout: 180_000 }, () => {
  const half = (x: number): number => fromHalfBits(halfBits(x));
  it.each([
    ["float32", Math.fround],
    ["float16", half],
  ] as const)("contains a naive evaluation in %s, for fixtures of every loss", (dtype, store) => {
    const outside: string[] = [];
    let elements = 0;
    for (const fixture of groupBy(loadFixtures(), ({ loss }) => loss).flatMap(([, cases]) => spread(cases, 20))) {
      if (!("value" in fixture.expected)) continue;
      const { graph, feeds, sizes } = traced(fixture, dtype);
      const naive = singlePrecision(graph, feeds, sizes, store);
      analyze(graph, feeds, sizes, dtype).forEach(({ value, low, high, nan }, o) => {
        value.forEach((y, i) => {
          const got = naive[o]?.[i] ?? Number.NaN;
          const [least, most] = [low[i] ?? 0, high[i] ?? 0];
          elements += 1;
          if (Number.isNaN(got) ? nan[i] === 1 : least <= got && got <= most) return;
          outside.push(`${fixture.id} ${graph.outputs[o]?.name}[${i}]: ${y} in [${least}, ${most}], got ${got}`);
        });
      });
    }
    expect(outside).toEqual([]);
    expect(elements).toBeGreaterThan(50_000);
  });

  it("rejects an error of 1e-4 in the value of every loss", () => {
    const losses = new Set<string>();
    for (const fixture of loadFixtures()) {
      if (!("value" in fixture.expected) || !/(mean|sum)-(4x3|8x5|4x5|3x4|5x4|8x16)$/.test(fixture.id)) continue;
      const { value } = fixture.expected;
      const [truth = 0] = value.data;
      const [allowed = Infinity] = tolerances(value.data, known(boundCase(fixture, "float32").value), "float32");
      if (Math.abs(truth) < 0.05) continue;
      expect(allowed, fixture.id).toBeLessThan(1e-4 * Math.abs(truth));
      losses.add(fixture.loss);
    }
    expect(losses.size).toBeGreaterThan(9);
  });

  it("is exact at kinks made of dyadic numbers: half the gradient is refused", () => {
    const kinks = loadFixtures().filter(({ note = "" }) => note.startsWith("exactly 0: clamp_min passes"));
    expect(kinks.length).toBeGreaterThan(3);
    for (const fixture of kinks) {
      if (!("value" in fixture.expected)) continue;
      const outputs = boundCase(fixture, "float32");
      for (const [name, { data }] of Object.entries(fixture.expected.grads)) {
        const allowed = tolerances(data, known(outputs[`grad:${name}`]), "float32");
        data.forEach((truth, i) =>
          expect(allowed[i] ?? 1, `${fixture.id} ${name}`).toBeLessThan(Math.abs(truth) / 2 || 1e-6),
        );
      }
    }
  });

  it("shares the gradient of exact ties: the first index alone is refused", () => {
    const ties = loadFixtures().filter(({ note }) => note === "the gradient is shared between equal components");
    expect(ties.length).toBeGreaterThan(0);
    for (const fixture of ties) {
      const bounds = Object.values(boundCase(fixture, "float32")).flatMap(({ error }) => [...error]);
      expect(Math.max(...bounds), fixture.id).toBeLessThan(1e-5);
    }
  });
});

describe("exactness", () => {
  it("knows how many bits a number needs", () => {
    expect([quantum(1.5), quantum(-12), quantum(2 ** 30 + 1), quantum(0.1)]).toEqual([0.5, 4, 1, 2 ** -55]);
    expect([1.5, 0, 16777215, 16777217, 0.1, 1e-40].map((x) => isRepresentable(x, float32))).toEqual([
      true,
      true,
      true,
      false,
      false,
      false,
    ]);
  });

  it("charges half an ulp to a rounded result, nothing to an exact one", () => {
    expect(rounded(exactly(0.75), 0.5, true, float32)).toEqual(exactly(0.75));
    expect(away(0.1, 0.5) / (0.1 * 2 ** -24)).toBeCloseTo(1, 8);
    expect(away(0.75, 4)).toBe(0.75 * 8 * 2 ** -24);
  });

  it("lets what is beyond the range of float32 be infinite, and what is below it 0", () => {
    expect(rounded(exactly(1e39), 0.5, true, float32)).toEqual({ low: float32.huge, high: Infinity, nan: false });
    const { low, high } = rounded(exactly(1e-40), 0.5, true, float32);
    expect([low, high > 1e-40, high < 1.01e-40]).toEqual([0, true, true]);
  });

  it("takes sums of multiples of one quantum as exact in any order", () => {
    expect(error([1, 2 ** 22, -0.5])).toBe(0);
    expect(error([1, 2 ** 24, -0.5])).toBeGreaterThan(0);
    expect(error([0.1, 0.2])).toBeCloseTo(0.3 * 2 ** -24, 16);
    expect(error([])).toBe(0);
  });
});

function error(terms: readonly number[]): number {
  const sum = new Sum();
  for (const term of terms) sum.add(exactly(term));
  const { low, high } = sum.finish(float32);
  return (high - low) / 2;
}

/** How far a result may be from an exact one. */
function away(value: number, ulp: number): number {
  return rounded(exactly(value), ulp, true, float32).high - value;
}

function known(bounded: Bounded | undefined): Bounded {
  if (bounded === undefined) throw new Error("the output must be bounded");
  return bounded;
}

const graphs = new Map<string, Graph>();

function traced(
  fixture: Fixture,
  dtype: FloatDType,
): {
  graph: Graph;
  feeds: Record<string, { shape: readonly number[]; data: readonly number[] }>;
  sizes: Readonly<Record<string, number>>;
} {
  const spec = specFromJSON(allLosses, { name: fixture.loss, options: fixture.options });
  const feeds = Object.fromEntries(fixture.inputs.map((input) => [input.name, input]));
  const binding = bindInputs(spec.loss.definition, feeds, spec.options);
  const gradients = fixture.inputs.filter(({ grad }) => grad).map(({ name }) => name);
  const key = JSON.stringify([spec, binding.key, gradients, dtype]);
  const graph = graphs.get(key) ?? traceLoss(spec, binding, { dtype, gradients });
  graphs.set(key, graph);
  return { graph, feeds, sizes: binding.sizes };
}
