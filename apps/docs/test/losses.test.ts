import { allLosses, findLoss } from "@losses/core";
import { createBackendSync } from "@losses/js";
import { describe, expect, it } from "vitest";
import { descend, withShare } from "../src/explorer/descend.js";
import { planExplorer } from "../src/explorer/plan.js";
import { reproduce } from "../src/explorer/reproduce.js";
import { evaluate, feedsOf, LossCache, PairsCache } from "../src/explorer/run.js";
import { parseBlocks } from "../src/losses/blocks.js";
import { toLatex } from "../src/losses/formula.js";
import { readLossDocs, type InputDocs, type LossDocs } from "../src/losses/lossDocs.js";
import { tryMath } from "../src/markdown/math.js";

const docs = readLossDocs();
const backend = createBackendSync({ engine: "scalar" });

describe.each(docs.map((loss) => [loss.name, loss] as const))("%s", (name, loss) => {
  const plan = planExplorer(loss);
  const compiled = backend.compileSync(findLoss(allLosses, name)());
  const total = (inputs = plan.inputs): number => evaluate(compiled, inputs).value.reduce((sum, x) => sum + x, 0);

  it("has a formula that KaTeX sets, and names every symbol by an input, an option or a sentence", () => {
    expect(loss.formula.latex.length).toBeGreaterThan(0);
    for (const line of loss.formula.latex) expect(tryMath(line), line).toBe(true);
    for (const { latex, names, meaning } of loss.formula.symbols) {
      expect(tryMath(latex), latex).toBe(true);
      expect(names ?? meaning).not.toBe("");
      if (meaning !== undefined) expect(meaning, `${latex}: neither an input or option nor a sentence`).toMatch(/[ .]/);
    }
  });

  it("has an explorer whose sample inputs give a finite loss and gradients", () => {
    const { value, grads } = evaluate(compiled, plan.inputs);
    expect(value.every(Number.isFinite)).toBe(true);
    expect(Object.keys(grads).length).toBeGreaterThan(0);
    for (const gradient of Object.values(grads)) expect(gradient.some(Number.isNaN)).toBe(false);
  });

  it("does not grow when its explorer steps downhill", () => {
    let inputs = plan.inputs;
    for (let i = 0; i < 20; i++) inputs = descend(inputs, evaluate(compiled, inputs).grads, 0.02);
    expect(total(inputs)).toBeLessThanOrEqual(total() + 1e-6);
  });

  it("is reproduced by the code that its explorer shows", async () => {
    const code = reproduce(name, plan.inputs, plan.options, plan.options, [total()]);
    const [, feeds = ""] = /valueAndGrad\((\{[\s\S]*?\n\})\)/.exec(code) ?? [];
    const json = feeds.replace(/(\w+):/g, '"$1":').replace(/,\n\}$/, "}");
    const given = JSON.parse(json) as ReturnType<typeof feedsOf>;
    const { value } = compiled.valueAndGradSync(given);
    expect(Array.from(value.data, Number).reduce((sum, x) => sum + x, 0)).toBeCloseTo(total(), 5);
  });
});

describe("what an explorer is chosen by", () => {
  const input = (name: string, shape: readonly string[], doc = "Numbers.", index?: string): InputDocs => ({
    name,
    required: true,
    forms: [
      {
        shape,
        holds:
          index === undefined
            ? { kind: "float" }
            : { kind: "index", from: 0, below: index || undefined, atMost: undefined, except: undefined },
      },
    ],
    differentiable: index === undefined,
    isParameter: false,
    isList: false,
    doc,
  });
  const lossOf = (family: string, inputs: readonly InputDocs[]): LossDocs => ({
    name: "some",
    family,
    summary: "",
    formula: { latex: [], symbols: [], plain: "" },
    use: [],
    avoid: [],
    inputs,
    inputSets: [],
    options: [],
    pytorch: undefined,
    notes: [],
    references: [],
    aliases: [],
  });

  it("is the letters of the inputs, and the family: losses to come get a view without code", () => {
    const view = (family: string, ...inputs: InputDocs[]): string => planExplorer(lossOf(family, inputs)).view;
    expect(view("regression", input("input", ["~d"]), input("target", ["~d"]))).toBe("curve");
    expect(view("metric", input("embeddings", ["N", "D"]), input("labels", ["N"], "Classes.", ""))).toBe("scene");
    expect(
      view(
        "metric",
        input("embeddings", ["N", "D"]),
        input("weight", ["C", "D"]),
        input("labels", ["N"], "Classes.", "C"),
      ),
    ).toBe("scene");
    expect(
      view("classification", input("input", ["N?", "C", "...d"]), input("target", ["N?", "...d"], "Classes.", "C")),
    ).toBe("bars");
    expect(
      view("distribution", input("input", ["~d"], "Log-probabilities."), input("target", ["~d"], "Probabilities.")),
    ).toBe("bars");
    expect(view("listwise", input("scores", ["N?", "L"]), input("relevance", ["N?", "L"]))).toBe("bars");
    expect(view("segmentation", input("input", ["N", "...d"]), input("target", ["N", "...d"]))).toBe("grid");
    expect(
      view(
        "sequence",
        input("logProbs", ["T", "N", "C"], "Log-probabilities."),
        input("targets", ["N", "S"], "Labels.", "C"),
      ),
    ).toBe("lattice");
    expect(view("preference", input("chosen", ["N"]), input("rejected", ["N"]))).toBe("curve");
    expect(view("matching", input("scores", ["N", "N"]))).toBe("grid");
  });

  it("gives what the words of a description say an input holds", () => {
    const role = (doc: string): string | undefined =>
      planExplorer(lossOf("distribution", [input("input", ["~d"], doc)])).inputs[0]?.role;
    expect([role("Predicted log-probabilities."), role("Target probabilities."), role("Logits.")]).toEqual([
      "logProbabilities",
      "probabilities",
      "logits",
    ]);
    expect(role("1 for a similar pair, 0 for a dissimilar one.")).toBe("switches");
    expect(role("1 or -1.")).toBe("signs");
  });
});

describe("the pull on each pair", () => {
  it("is the gradient of clipLoss by its scaled similarities: shares minus matches", () => {
    const loss = docs.find(({ name }) => name === "clipLoss");
    if (loss === undefined) throw new Error("no clipLoss");
    const { inputs } = planExplorer(loss);
    const pairs = new PairsCache(new LossCache(backend)).evaluate("clip", findLoss(allLosses, "clipLoss")(), inputs);
    const similarities = pairs?.similarities ?? [];
    const [n, m] = [4, 4];
    expect(pairs?.shape).toEqual([n, m]);
    const share = (own: number, all: readonly number[]): number =>
      Math.exp(similarities[own] ?? 0) / all.reduce((sum, i) => sum + Math.exp(similarities[i] ?? 0), 0);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < m; j++) {
        const row = Array.from({ length: m }, (_, k) => i * m + k);
        const column = Array.from({ length: n }, (_, k) => k * m + j);
        const isMatch = i === j ? 1 : 0;
        // ∂/∂Z of ½(CE rows + CE columns), mean over the images; the column of a text without an image has no CE.
        const ofColumn = j < n ? share(i * m + j, column) - isMatch : 0;
        const expected = (1 / (2 * n)) * (share(i * m + j, row) - isMatch + ofColumn);
        expect(pairs?.pull[i * m + j]).toBeCloseTo(expected, 5);
      }
    }
  });

  it("is not there where no matrices are multiplied", () => {
    const loss = docs.find(({ name }) => name === "tripletMarginLoss");
    if (loss === undefined) throw new Error("no tripletMarginLoss");
    const cache = new PairsCache(new LossCache(backend));
    expect(cache.evaluate("triplet", findLoss(allLosses, loss.name)(), planExplorer(loss).inputs)).toBeUndefined();
  });
});

it("a share that is moved leaves the others in proportion, and the sum 1", () => {
  const moved = withShare([0.5, 0.3, 0.2], 0, 0.2);
  expect(moved.reduce((sum, x) => sum + x, 0)).toBeCloseTo(1, 12);
  expect((moved[1] ?? 0) / (moved[2] ?? 1)).toBeCloseTo(1.5, 12);
});

it("blocks are read as they stand in a comment", () => {
  const [[name, blocks] = ["", undefined]] = parseBlocks(
    "## someLoss\n\n@formula x\n@formula y\n@where $x$ input\n@use A,\n  and B.\n@avoid C.\n",
  );
  expect(name).toBe("someLoss");
  expect(blocks).toEqual({
    formula: ["x", "y"],
    where: [{ symbol: "x", meaning: "input" }],
    use: ["A, and B."],
    avoid: ["C."],
  });
});

it("a formula in plain text becomes LaTeX that can be set", () => {
  const latex = toLatex("max(0, margin - s(anchor, positive)) / sum_j exp(x_j)", ["margin", "anchor", "positive"]);
  expect(latex).toContain("{\\mathsf{margin}}");
  expect(tryMath(latex)).toBe(true);
});
