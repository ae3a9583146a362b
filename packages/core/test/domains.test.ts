import { describe, expect, it } from "vitest";
import {
  binaryCrossEntropy,
  contrastiveLoss,
  defineLoss,
  defineSyncBackend,
  float,
  InputError,
  marginRankingLoss,
  number,
  OptionError,
  reduction,
  weightedSum,
  type LossSpec,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const embeddings = { input1: [[1, 0], [0, 1]], input2: [[0, 1], [0, 1]] }; // prettier-ignore
const scores = { input1: [0.4, 0.2], input2: [0.1, 0.5] };

describe("labels outside their domain", () => {
  const contrastive = backend.compileSync(contrastiveLoss());
  const ranking = backend.compileSync(marginRankingLoss());

  it("of contrastiveLoss are refused on the host", () => {
    expect(() => contrastive.valueSync({ ...embeddings, target: [1, -1] })).toThrow(
      new InputError("contrastiveLoss: target must hold numbers in [0, 1], got -1 at position 1.", "INVALID_INPUT"),
    );
    // ½·(0.5·2 + 0.5·0) and 0.
    const { data } = contrastive.valueSync({ ...embeddings, target: [0.5, 1] });
    expect(data[0]).toBeCloseTo(0.25, 6);
  });

  it("of marginRankingLoss are refused on the host", () => {
    expect(() => ranking.valueSync({ ...scores, target: new Int32Array([1, 0]) })).toThrow(
      "marginRankingLoss: target must hold 1 or -1, got 0 at position 1.",
    );
    expect(ranking.valueSync({ ...scores, target: [-1, 1] }).data[0]).toBeCloseTo(0.3, 6);
  });

  it("give NaN where they are NaN", () => {
    expect(ranking.valueSync({ ...scores, target: [NaN, 1] }).data[0]).toBeNaN();
    expect(contrastive.valueSync({ ...embeddings, target: [NaN, 1] }).data[0]).toBeNaN();
  });

  it("are not looked for where a device holds them", () => {
    const own = interpreterEngine();
    let downloads = 0;
    const watched = defineSyncBackend({ ...own, download: (tensor) => (downloads++, own.download(tensor)) });
    const target = own.upload({ data: Float32Array.from([1, 0]), shape: [2], dtype: "float32" });
    watched.compileSync(marginRankingLoss()).valueSync({ ...scores, target } as never);
    expect(downloads).toBe(0);
    // Where PyTorch refuses too, they are.
    watched.compileSync(binaryCrossEntropy()).valueSync({ input: [0.5, 0.5], target } as never);
    expect(downloads).toBe(1);
  });

  it("are refused in a sum of losses, by what each of them takes", () => {
    const free = defineLoss({
      name: "free",
      inputs: { input: float(["~d"]), target: number(["~d"]) },
      options: { reduction: reduction("mean") },
      value: ({ input, target }) => input.mul(target),
    });
    const shares = defineLoss({
      ...free.definition,
      inputs: { ...free.definition.inputs, target: number(["~d"], { values: [0, 1] }) },
    });
    const both = (loss: LossSpec): LossSpec =>
      weightedSum([
        { loss, weight: 1 },
        { loss: marginRankingLoss(), weight: 1 },
      ]);
    const { target } = both(free()).loss.definition.inputs;
    expect(target?.forms[0]?.holds).toEqual({ kind: "number", values: [1, -1] });
    expect(both(shares()).loss.definition.inputs["target"]?.forms[0]?.holds).toEqual({ kind: "number", values: [1] });
  });

  it("can be declared for a loss of one's own", () => {
    const declare = (options: object): unknown => number(["N"], options);
    const loss = defineLoss({
      name: "signed",
      inputs: { input: float(["N"]), sign: number(["N"], { values: [-1, 1] }) },
      options: { reduction: reduction("sum") },
      value: ({ input, sign }) => input.mul(sign),
    });
    expect(() => backend.compileSync(loss()).valueSync({ input: [1], sign: [2] })).toThrow(/must hold -1 or 1, got 2/);
    for (const wrong of [{ values: [] }, { values: ["1"] }, { from: "0" }, { vlaues: [1] }]) {
      expect(() => declare(wrong)).toThrow(OptionError);
    }
  });

  it("are not what a loss is warmed up with", () => {
    const warmed = backend.compileSync(marginRankingLoss());
    const shape = [2];
    expect(() => warmed.warm({ input1: { shape }, input2: { shape }, target: { shape } })).not.toThrow();
  });
});
