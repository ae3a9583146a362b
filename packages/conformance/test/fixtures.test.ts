import { allLosses, defineLoss, float, reduction, type Graph } from "@losses/core";
import { describe, expect, it } from "vitest";
import { groupBy } from "../src/groupBy.js";
import { spread } from "../src/spread.js";
import { boundCase, compareTensor, loadFixtures, missingFixtures, type Fixture } from "../src/index.js";

const fixtures = loadFixtures();
const graphs = new Map<string, Graph>();
const timeout = 180_000;

describe("the golden fixtures", () => {
  it("cover every registered loss: reductions, options, gradients, refusals", () => {
    expect(missingFixtures(fixtures)).toEqual([]);
  });

  it("are named after their loss, each id once", () => {
    expect(new Set(fixtures.map(({ id }) => id)).size).toBe(fixtures.length);
    expect(fixtures.filter(({ id, loss }) => !id.startsWith(`${loss}/`))).toEqual([]);
  });

  it("agree with the losses as they are defined, evaluated in float64", { timeout }, () => {
    const problems: string[] = [];
    for (const fixture of groupBy([...answered()], ({ loss }) => loss).flatMap(([, cases]) => spread(cases, 10))) {
      const outputs = boundCase(fixture, "float64", allLosses, graphs);
      const expected = { value: fixture.expected.value, ...prefixed(fixture.expected.grads) };
      for (const [name, truth] of Object.entries(expected)) {
        const bound = outputs[name];
        if (bound === undefined) problems.push(`${fixture.id} ${name} is missing`);
        else {
          const actual = { shape: bound.shape, data: [...bound.value] };
          const { discrepancies } = compareTensor(name, truth, actual, bound, "float64");
          problems.push(...discrepancies.map(({ message }) => `${fixture.id} ${message}`));
        }
      }
    }
    expect(problems).toEqual([]);
  });
});

describe("missingFixtures", () => {
  const square = defineLoss({
    name: "squareError",
    inputs: { input: float(["~d"], "Predictions."), target: float(["~d"], "Truth.") },
    options: { reduction: reduction("mean") },
    value: ({ input, target }) => input.sub(target).square(),
  });
  const losses = [...allLosses, square as unknown as (typeof allLosses)[number]];

  it("names a registered loss without fixtures", () => {
    expect(missingFixtures(fixtures, losses)).toEqual(["squareError has no fixtures."]);
  });

  it("names fixtures of no registered loss", () => {
    expect(missingFixtures(fixtures, allLosses.slice(1))).toContain(
      `${allLosses[0]?.lossName} has fixtures but is no registered loss.`,
    );
  });

  it("names what a loss's fixtures leave out", () => {
    const isSmall = ({ inputs }: Fixture): boolean => inputs.every(({ shape }) => shape.every((size) => size < 1024));
    const kept = fixtures.filter(
      (fixture) =>
        fixture.loss !== "klDiv" ||
        ("value" in fixture.expected && fixture.options.reduction !== "batchmean" && isSmall(fixture)),
    );
    const few = fixtures.filter(
      ({ loss, options, inputs }) =>
        loss !== "circleLoss" ||
        (options["miner"] !== "pairMargin" && inputs.every(({ shape }) => shape[0] !== undefined && shape[0] > 1)),
    );
    expect(missingFixtures(few)).toEqual([
      "circleLoss has no fixture with option miner pairMargin.",
      "circleLoss has no fixture with option empty nan.",
      "circleLoss has no fixture over no elements.",
      "circleLoss has no fixture of one sample.",
    ]);
    const withoutTarget = kept.map((fixture): Fixture => {
      if (fixture.loss !== "klDiv" || !("value" in fixture.expected)) return fixture;
      const { input } = fixture.expected.grads;
      return { ...fixture, expected: { ...fixture.expected, grads: input === undefined ? {} : { input } } };
    });
    expect(missingFixtures(withoutTarget)).toEqual([
      "klDiv has no fixture with reduction batchmean.",
      "klDiv has no fixture with a gradient towards target.",
      "klDiv has no fixture with an odd axis beyond 1024.",
      "klDiv has no fixture that must be refused.",
    ]);
  });
});

function* answered(): Generator<Fixture & { expected: Extract<Fixture["expected"], { value: unknown }> }> {
  for (const fixture of fixtures) {
    if ("value" in fixture.expected) yield { ...fixture, expected: fixture.expected };
  }
}

function prefixed<T>(grads: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(grads).map(([name, grad]) => [`grad:${name}`, grad]));
}
