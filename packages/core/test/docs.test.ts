import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { describeLoss, lossDocs } from "../src/docs/index.js";
import {
  allInputs,
  allLosses,
  defineLoss,
  float,
  labels,
  LossesError,
  positive,
  reduction,
  sampleInputs,
} from "../src/index.js";

describe("what losses say of themselves", () => {
  it("is told of every loss, and of nothing else", () => {
    expect(Object.keys(lossDocs).sort()).toEqual(allLosses.map(({ lossName }) => lossName).sort());
  });

  it.each(allLosses.map((loss) => [loss.lossName, loss] as const))(
    "%s: all of it, in sentences",
    (name, { definition }) => {
      const docs = describeLoss(definition);
      expect(docs).toBe(lossDocs[name]);
      expect(docs.summary).toMatch(/^[A-Z].*\.$/);
      expect(docs.formula.length).toBeGreaterThan(3);
      expect(definition.family).toBeDefined();
      expect(Object.keys(docs.inputs).sort()).toEqual(Object.keys(allInputs(definition)).sort());
      expect(Object.keys(docs.options).sort()).toEqual(Object.keys(definition.options).sort());
      for (const text of [...Object.values(docs.inputs), ...Object.values(docs.options)])
        expect(text).toMatch(/^\S.*\.$/);
      for (const text of [...docs.notes, ...docs.references]) expect(text).toMatch(/^\S.*\S$/);
    },
  );

  it("stands in the comments alone: no bundle carries it", () => {
    for (const { definition } of allLosses) {
      const { summary, formula, pytorch, notes, references, options } = definition;
      expect([summary, formula, pytorch, notes, references]).toEqual([
        undefined,
        undefined,
        undefined,
        undefined,
        undefined,
      ]);
      for (const { doc } of Object.values(options)) expect(doc).toBeUndefined();
      for (const { doc } of Object.values(allInputs(definition))) expect(doc).toBe("");
    }
  });
});

describe("a loss of one's own", () => {
  const own = defineLoss({
    name: "clipLoss",
    summary: "Not the one of this package.",
    notes: ["Its name is taken."],
    inputs: {
      input: float(["N"], "Numbers."),
      target: float(["N"], { differentiable: false }),
      class: labels(["N"], { below: "N" }),
    },
    optionalInputs: { ...sampleInputs(["N"]) },
    options: { scale: positive(1, "A factor."), reduction: reduction() },
    value: ({ input, target }, { scale }) => input.sub(target).mul(scale),
  });

  it("is told by its definition", () => {
    expect(describeLoss(own.definition as never)).toEqual({
      summary: "Not the one of this package.",
      formula: "",
      notes: ["Its name is taken."],
      references: [],
      inputs: {
        input: "Numbers.",
        target: "",
        class: "",
        sampleWeight: "Weight of each sample: multiplies its value; the mean divides by the sum of the weights.",
        mask: "Samples that count: the others are outside values and divisor.",
      },
      options: {
        scale: "A factor.",
        reduction: "How the values become the result; `none` returns them as they are.",
        empty: "What the mean over nothing is.",
      },
    });
  });

  it("may leave out what its inputs hold", () => {
    const { input, target, class: classes } = own.definition.inputs;
    expect([input, target].map(({ differentiable }) => differentiable)).toEqual([true, false]);
    expect(classes.forms[0]?.holds).toMatchObject({ kind: "index", below: "N" });
  });
});

it("refuses what is no definition", () => {
  expect(() => describeLoss({} as never)).toThrow(LossesError);
  expect(() => labels(["N"], null as never)).toThrow(LossesError);
  expect(() => float(["N"], "Numbers.", 1 as never)).toThrow(LossesError);
});

describe("the README of this package", () => {
  it("lists every method that a spec may call", () => {
    const read = (file: string): string => readFileSync(new URL(file, import.meta.url), "utf8");
    const declared = read("../src/tensor/tensor.ts").match(/^ {2}\w+(?=\()/gm) ?? [];
    const table = read("../README.md").split("| methods").at(1)?.split("\n\n").at(0) ?? "";
    const listed = new Set(table.match(/`\w+`/g));
    expect(declared.length).toBeGreaterThan(60);
    expect(declared.filter((method) => !listed.has(`\`${method.trim()}\``))).toEqual([]);
  });
});
