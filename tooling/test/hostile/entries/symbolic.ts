import { crossEntropy, fixLoss } from "@losses/core";
import { anyOf, empty, flag, list, plain, size, text } from "../takes.js";
import { anything, type Entry, type Takes } from "../walk.js";
import type { Entries } from "../entries.js";

/** An axis whose size may have a name. */
export const dim: Takes = anyOf(size, (value) => typeof value === "string" && value !== "");

const inputDType: Takes = (value) => value === "float32" || value === "int32";

/** A loss, and what is asked of its inputs while there are none. */
export const symbolic: Entry = {
  args: () => [
    crossEntropy(),
    {
      gradients: ["input"],
      inputs: { target: { dtype: "int64", shape: ["N"] } },
      shapes: { input: ["N", 10] },
    },
  ],
  draws: 16,
  takes: {
    "1": empty,
    "1.gradients": anyOf(
      flag,
      list(() => false),
    ),
    "1.inputs": empty,
    "1.inputs.target": empty,
    "1.inputs.target.shape": list(dim),
    "1.inputs.target.shape.*": dim,
    "1.shapes": empty,
    "1.shapes.input": list(dim),
    "1.shapes.input.*": dim,
  },
  whole: ["0"],
  once: true,
  result: (made) => (made as { readonly inputs: object }).inputs,
};

export const symbolicEntries: Entries = {
  symbolicRules: "data",
  dimsRule: "data",
  mostAxes: "data",
  bindSymbols: symbolic,
  fixLoss: symbolic,
  readRequests: {
    args: () => ["f", { inputs: { x: { shape: ["N"], dtype: "float32" } }, shapes: { y: [2] } }],
    takes: {
      "0": text,
      "1": empty,
      "1.inputs": empty,
      "1.inputs.x": empty,
      "1.inputs.x.shape": list(dim),
      "1.inputs.x.shape.*": dim,
      "1.inputs.x.dtype": inputDType,
      "1.shapes": plain,
      "1.shapes.y": list(dim),
      "1.shapes.y.*": dim,
    },
    open: ["1.inputs", "1.shapes"],
  },
  readRecord: {
    args: () => ["f", { a: 1 }],
    takes: { nothing: anything, "0": anything, "1": plain, "1.a": anything },
    open: ["1"],
  },
  plainToText: {
    args: () => [{ a: [1, -Infinity] }],
    takes: { "0": anything, "0.*": anything, "0.a.*": anything },
    open: ["0"],
  },
  plainFromText: {
    args: () => ["f", "it", '{"format":1,"a":{"number":"-0"}}', 1],
    takes: { "0": anything, "1": anything },
    result: (read) => read,
  },
  loadSignature: { args: () => [fixLoss(crossEntropy()).signature], takes: { nothing: text } },
};
