import { describe, expect, it } from "vitest";
import {
  allLosses,
  batchEasyHardMiner,
  classWeightedReducer,
  clipLoss,
  findLoss,
  klDiv,
  LossesError,
  lpDistance,
  metricContrastiveLoss,
  multipleNegativesRankingLoss,
  OptionError,
  optionsFromJSON,
  optionsToJSON,
  perAnchorReducer,
  rankingLoss,
  specFromJSON,
  thresholdReducer,
  tripletMarginLoss,
  tripletMarginMiner,
  tripletMarginWithDistanceLoss,
  type SpecJSON,
} from "../src/index.js";

/** Calls with options that the types refuse, as untyped callers can. */
const untyped =
  (options: unknown): (() => unknown) =>
  () =>
    tripletMarginLoss(options as { margin: number });

describe("options", () => {
  it("default to PyTorch's", () => {
    expect(tripletMarginLoss().options).toEqual({
      margin: 1,
      p: 2,
      eps: 1e-6,
      swap: false,
      reduction: "mean",
      empty: "nan",
    });
  });

  it("treat undefined as absent", () => {
    expect(untyped({ margin: undefined })).not.toThrow();
  });

  it.each([
    [{ margn: 1 }, "options must be among margin, p, eps, swap, reduction, empty, got the unknown option margn."],
    [{ margin: 0 }, "option margin must be a finite number > 0, got 0."],
    [{ margin: NaN }, "option margin must be a finite number > 0, got NaN."],
    [{ margin: Infinity }, "option margin must be a finite number > 0, got Infinity."],
    [{ margin: "1" }, 'option margin must be a finite number > 0, got "1".'],
    [{ p: NaN }, "option p must be a number, Infinity or -Infinity, got NaN."],
    [{ swap: 1 }, "option swap must be true or false, got 1."],
    [{ reduction: "avg" }, 'option reduction must be "none" | "mean" | "sum", got "avg".'],
    [{ reduction: "batchmean" }, 'option reduction must be "none" | "mean" | "sum", got "batchmean".'],
    [[], "options must be a plain object with margin, p, eps, swap, reduction, empty, got an array."],
  ])("refuses %o", (options, message) => {
    expect(untyped(options)).toThrow(OptionError);
    expect(untyped(options)).toThrow(`tripletMarginLoss: ${message}`);
  });

  it("take lists of words, each once", () => {
    const loss = (options: object) => (): unknown => multipleNegativesRankingLoss(options);
    expect(loss({ directions: [] })).toThrow(/option directions must be a list of "queryToDoc" \|/);
    expect(loss({ directions: ["queryToDoc", "queryToDoc"] })).toThrow(OptionError);
    expect(loss({ directions: "queryToDoc" })).toThrow(OptionError);
    expect(multipleNegativesRankingLoss().options.directions).toEqual(["queryToDoc"]);
  });

  it("take distances by name or as data, and serialise them", () => {
    const spec = metricContrastiveLoss({ distance: lpDistance({ p: 3, normalize: false }) });
    expect(specFromJSON(allLosses, JSON.parse(JSON.stringify(spec)) as SpecJSON)).toMatchObject({
      options: spec.options,
    });
    expect(() => metricContrastiveLoss({ distance: { kind: "lp" } as never })).toThrow(OptionError);
  });

  it("take miners and reducers by name or as data, and serialise them", () => {
    const miner = tripletMarginMiner({ triplets: "semihard", distance: lpDistance({ p: Infinity }) });
    for (const reducer of [
      thresholdReducer({ low: 0.1 }),
      classWeightedReducer({ weights: [1, 2] }),
      perAnchorReducer(),
    ]) {
      const spec = metricContrastiveLoss({ miner, reducer });
      const json = JSON.parse(JSON.stringify(spec)) as SpecJSON;
      expect(specFromJSON(allLosses, json).options).toEqual(spec.options);
    }
    expect(metricContrastiveLoss({ miner: "batchHard" }).options).toMatchObject({
      miner: "batchHard",
      reducer: "none",
    });
    expect(() => metricContrastiveLoss({ miner: "random" as never })).toThrow(OptionError);
  });

  it("are refused where they are made", () => {
    expect(() => lpDistance({ p: 0 })).toThrow("lpDistance: option p must be a number > 0 or Infinity, got 0.");
    expect(() => batchEasyHardMiner({ positives: "semihard" })).toThrow(OptionError);
    expect(() => thresholdReducer({ low: 1, high: 1 })).toThrow(OptionError);
    expect(() => classWeightedReducer({ weights: [-1] })).toThrow(OptionError);
  });

  it("allow batchmean where PyTorch has it", () => {
    expect(klDiv({ reduction: "batchmean" }).options.reduction).toBe("batchmean");
  });
});

describe("specs are data", () => {
  it("are frozen", () => {
    expect(Object.isFrozen(tripletMarginLoss())).toBe(true);
    expect(Object.isFrozen(tripletMarginLoss().options)).toBe(true);
  });

  it("survive JSON, infinities included", () => {
    const spec = tripletMarginLoss({ p: Infinity, margin: 0.3 });
    const json = JSON.parse(JSON.stringify(spec)) as { name: string; options: Record<string, unknown> };
    expect(json).toEqual({
      name: "tripletMarginLoss",
      options: { margin: 0.3, p: "Infinity", eps: 1e-6, swap: false, reduction: "mean", empty: "nan" },
    });
    expect(specFromJSON(allLosses, json).options).toEqual(spec.options);
  });

  it("refuse to serialise a function rather than lose it", () => {
    const spec = tripletMarginWithDistanceLoss({ distance: (x, y) => x.sub(y).abs().sum(-1) });
    expect(() => JSON.stringify(spec)).toThrow(OptionError);
  });
});

describe("the registry", () => {
  it("finds losses by name and by the names of other libraries", () => {
    expect(findLoss(allLosses, "clipLoss").lossName).toBe(clipLoss.lossName);
    expect(findLoss(allLosses, "TripletMarginLoss").lossName).toBe("tripletMarginLoss");
  });

  it("says what was meant when a name is unknown", () => {
    expect(() => findLoss(allLosses, "ranking")).toThrow(/Did you mean .*rankingLoss/);
    expect(() => findLoss(allLosses, "nonsense")).toThrow(LossesError);
  });

  it("has one loss for each name and alias", () => {
    const names = allLosses.flatMap((loss) => [loss.lossName, ...(loss.definition.aliases ?? [])]);
    expect(names.filter((name, i) => names.indexOf(name) !== i)).toEqual([]);
  });

  it("types options and inputs", () => {
    // @ts-expect-error an unknown option does not compile
    expect(() => rankingLoss({ magin: 1 })).toThrow(OptionError);
    // @ts-expect-error a value outside the choices does not compile
    expect(() => rankingLoss({ similarity: "manhattan" })).toThrow(OptionError);
  });
});

describe("options as JSON", () => {
  const holes: unknown[] = [];
  holes.length = 2 ** 32 - 1;
  const itself: unknown[] = [];
  itself.push(itself);

  it.each([
    ["a list without end", holes],
    ["a list that holds itself", itself],
  ])("refuse %s", (_, list) => {
    const said = "f: options must have at most 100000 values, at most 100 deep, got more in a.";
    expect(() => optionsToJSON("f", { a: list })).toThrow(said);
    expect(() => optionsFromJSON({ a: list })).toThrow(said.replace("f:", "optionsFromJSON:"));
  });

  it("keep infinities in nested lists", () => {
    const options = { a: [1, [Infinity, { b: -Infinity }]] };
    expect(optionsToJSON("f", options)).toEqual({ a: [1, ["Infinity", { b: "-Infinity" }]] });
    expect(optionsFromJSON(optionsToJSON("f", options))).toEqual(options);
  });
});
