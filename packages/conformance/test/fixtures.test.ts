import { allLosses, defineLoss, float, reduction, type Graph } from "@losses/core";
import { describe, expect, it } from "vitest";
import { groupBy } from "../src/groupBy.js";
import { spread } from "../src/spread.js";
import { exemptions } from "../src/suite/exemptions.js";
import { isOnKink } from "../src/suite/kinks.js";
import { boundCase, compareTensor, loadFixtures, missingFixtures, type Fixture } from "../src/index.js";

const fixtures = loadFixtures();
const graphs = new Map<string, Graph>();
const timeout = 180_000;

describe("the golden fixtures", () => {
  it(
    "cover every registered loss: reductions, options, gradients, kinks, large and infinite numbers, refusals",
    { timeout },
    () => {
      expect(missingFixtures(fixtures)).toEqual([]);
    },
  );

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
  const lossesOf = (...names: readonly string[]): typeof allLosses =>
    allLosses.filter(({ lossName }) => names.includes(lossName));
  const fixturesOf = (...names: readonly string[]): readonly Fixture[] =>
    fixtures.filter(({ loss }) => names.includes(loss));

  it("names a registered loss without fixtures", () => {
    const losses = [...lossesOf("klDiv"), square as unknown as (typeof allLosses)[number]];
    expect(missingFixtures(fixturesOf("klDiv"), losses)).toEqual(["squareError has no fixtures."]);
  });

  it("names fixtures of no registered loss", () => {
    expect(missingFixtures(fixturesOf("klDiv", "mseLoss"), lossesOf("klDiv"))).toEqual([
      "mseLoss has fixtures but is no registered loss.",
    ]);
  });

  it("names what a loss's fixtures leave out", () => {
    const isSmall = ({ inputs }: Fixture): boolean => inputs.every(({ shape }) => shape.every((size) => size < 1024));
    const kept = fixturesOf("klDiv").filter(
      (fixture) =>
        "value" in fixture.expected &&
        fixture.options.reduction !== "batchmean" &&
        fixture.inputs.every(({ name }) => name !== "mask") &&
        isSmall(fixture),
    );
    const few = fixturesOf("circleLoss").filter(
      ({ options, inputs }) =>
        options["miner"] !== "pairMargin" && inputs.every(({ shape }) => shape[0] !== undefined && shape[0] > 1),
    );
    expect(missingFixtures(few, lossesOf("circleLoss"))).toEqual([
      "circleLoss has no fixture with option miner pairMargin.",
      "circleLoss has no fixture with option empty nan.",
      "circleLoss has no fixture over no elements.",
      "circleLoss has no fixture of one sample.",
    ]);
    const withoutTarget = kept.map((fixture): Fixture => {
      if (fixture.loss !== "klDiv" || !("value" in fixture.expected)) return fixture;
      const { target: _, ...grads } = fixture.expected.grads;
      return { ...fixture, expected: { ...fixture.expected, grads } };
    });
    expect(missingFixtures(withoutTarget, lossesOf("klDiv"))).toEqual([
      "klDiv has no fixture with reduction batchmean.",
      "klDiv has no fixture with a gradient towards target.",
      "klDiv has no fixture that gives mask.",
      "klDiv has no fixture with an odd axis beyond 1024.",
      "klDiv has no fixture that must be refused.",
    ]);
  });

  it.each([
    ["mmcaLoss", "large", "with a number of 1e4 or more", /^large/],
    ["crossEntropy", "minus infinity", "with -Infinity in an input", /infini/],
    ["lsganGeneratorLoss", "degenerate", "with zero vectors, duplicates, or equal inputs", /^(zeros|at-the-label)/],
  ])("names that %s has nothing %s", (name, _, what, its) => {
    const kept = fixturesOf(name).filter(({ id }) => !its.test(id.slice(name.length + 1)));
    expect(missingFixtures(kept, lossesOf(name))).toEqual([`${name} has no fixture ${what}.`]);
  });

  it.each<[string, string, readonly number[], boolean | undefined]>([
    ["an absolute value of 0", "l1Loss", [1, 2], true],
    ["no absolute value of 0", "l1Loss", [1.5, 2.5], false],
    ["a parabola", "mseLoss", [1, 2], undefined],
  ])("knows a kink: %s", (_, loss, data, isKink) => {
    const tensor = { dtype: "float32" as const, shape: [2], grad: true };
    const inputs = [
      { ...tensor, name: "input", data },
      { ...tensor, name: "target", data: [1, 3] },
    ];
    expect(isOnKink({ id: "kink", loss, options: {}, inputs }, allLosses)).toBe(isKink);
  });

  it("names an exemption that is not needed", () => {
    const [first] = fixturesOf("ganGeneratorLoss").filter(({ id }) => id === "ganGeneratorLoss/none-6");
    if (first === undefined) throw new Error("the fixture has another name");
    const inputs = first.inputs.map((input) => ({ ...input, data: [-Infinity, ...input.data.slice(1)] }));
    const infinite = { ...first, id: "ganGeneratorLoss/infinite", inputs };
    expect(missingFixtures([...fixturesOf("ganGeneratorLoss"), infinite], lossesOf("ganGeneratorLoss"))).toEqual([
      "ganGeneratorLoss has a fixture with -Infinity in an input after all: drop its exemption.",
    ]);
  });

  it("exempts registered losses only", () => {
    const names = new Set(allLosses.map(({ lossName }) => lossName));
    expect(exemptions.flatMap(({ losses }) => losses).filter((name) => !names.has(name))).toEqual([]);
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
