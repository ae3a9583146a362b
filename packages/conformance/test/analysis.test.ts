import { allLosses, bindInputs, specFromJSON, traceLoss, type Graph } from "@losses/core";
import { describe, expect, it } from "vitest";
import { precisionOf, isRepresentable, quantum } from "../src/analysis/precision.js";
import { Sum } from "../src/analysis/reductions.js";
import { rounded } from "../src/analysis/rounding.js";
import { analyze, boundCase, loadFixtures, tolerances, type Bounded, type Fixture } from "../src/index.js";
import { singlePrecision } from "./singlePrecision.js";

const float32 = precisionOf("float32");

describe("the analysis", { timeout: 60_000 }, () => {
  it("contains a naive evaluation in float32, for every fixture", () => {
    const outside: string[] = [];
    let elements = 0;
    for (const fixture of loadFixtures()) {
      if (!("value" in fixture.expected)) continue;
      const { graph, feeds, sizes } = traced(fixture);
      const naive = singlePrecision(graph, feeds, sizes);
      analyze(graph, feeds, sizes, "float32").forEach(({ value, error }, o) => {
        value.forEach((y, i) => {
          const got = naive[o]?.[i] ?? Number.NaN;
          elements += 1;
          const equal = Object.is(got, y) || got === y;
          if (!equal && !(Math.abs(got - y) <= (error[i] ?? 0)) && error[i] !== Infinity) {
            outside.push(`${fixture.id} ${graph.outputs[o]?.name}[${i}]: ${y} ± ${error[i]}, got ${got}`);
          }
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
    expect(rounded(0.75, 0, 0.5, float32)).toBe(0);
    expect(rounded(0.1, 0, 0.5, float32)).toBeCloseTo(0.1 * 2 ** -24, 20);
    expect(rounded(0.75, 0, 4, float32)).toBe(0.75 * 8 * 2 ** -24);
  });

  it("claims nothing beyond the range of float32, and allows what is below it to be 0", () => {
    expect(rounded(1e39, 0, 0.5, float32)).toBe(Infinity);
    expect(rounded(1e-40, 0, 0.5, float32)).toBeGreaterThan(1e-40);
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
  for (const term of terms) sum.add(term, 0);
  return sum.error(float32);
}

function known(bounded: Bounded | undefined): Bounded {
  if (bounded === undefined) throw new Error("the output must be bounded");
  return bounded;
}

function traced(fixture: Fixture): {
  graph: Graph;
  feeds: Record<string, { shape: readonly number[]; data: readonly number[] }>;
  sizes: Readonly<Record<string, number>>;
} {
  const spec = specFromJSON(allLosses, { name: fixture.loss, options: fixture.options });
  const feeds = Object.fromEntries(fixture.inputs.map((input) => [input.name, input]));
  const binding = bindInputs(spec.loss.definition, feeds);
  const gradients = fixture.inputs.filter(({ grad }) => grad).map(({ name }) => name);
  return { graph: traceLoss(spec, binding, { dtype: "float32", gradients }), feeds, sizes: binding.sizes };
}
