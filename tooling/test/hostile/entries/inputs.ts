import * as core from "@losses/core";
import { anyOf, empty, finite, flag, fn, list, name, size, text } from "../takes.js";
import { anything, type Entry, type Takes } from "../walk.js";
import type { Entries } from "../entries.js";
import { definition } from "./samples.js";

/** Sizes that stand for others, not known yet, may be larger than any tensor's. */
export const count: Takes = (value) => Number.isSafeInteger(value) && Number(value) >= 0;
export const token: Takes = anyOf(size, (value) => typeof value === "string" && /^[a-z]+$/i.test(value));

/** A size that integers are held against. */
const bound: Takes = name;

const declaration: Readonly<Record<string, Takes>> = {
  "*.doc": text,
  "*.differentiable": flag,
  "*.isParameter": flag,
  "*.isList": flag,
  // It is read from the shape again.
  "*.forms.*.pattern": anything,
  "*.forms.*.pattern.*": anything,
  "*.forms.*.holds.from": Number.isSafeInteger,
  "*.forms.*.holds.atMost": anyOf(size, bound),
  "*.forms.*.shape": list(token),
  "*.forms.*.shape.*": token,
  "*.forms.*.holds.below": anyOf(size, bound),
  "*.forms.*.holds.except": anyOf(Number.isSafeInteger, name),
};

const declarationOpen: readonly string[] = ["0", "1", "*.forms.*", "*.forms.*.holds"];

const declared: Entry = {
  args: () => [["N", "D"], "Input."],
  takes: { "0": list(token), "0.*": token, "1": text },
};

export const inputEntries: Entries = {
  float: {
    ...declared,
    args: () => [["N", "D"], "Input.", { differentiable: false }],
    takes: { ...declared.takes, "2": empty, "2.differentiable": flag },
  },
  parameter: declared,
  mask: declared,
  number: {
    ...declared,
    args: () => [["N"], "Input.", { differentiable: false, values: [1, -1] }],
    takes: { ...declared.takes, "2": empty, "2.differentiable": flag, "2.values": list(finite), "2.values.*": finite },
  },
  labels: {
    args: () => [["N"], "Labels.", { below: "C", except: "ignoreIndex" }],
    takes: {
      "0": list(token),
      "0.*": token,
      "1": text,
      "2": empty,
      "2.below": anyOf(size, bound),
      "2.atMost": anyOf(size, bound),
      "2.from": Number.isSafeInteger,
      "2.except": anyOf(Number.isSafeInteger, name),
    },
    once: true,
    result: (made) => made,
  },
  either: {
    args: () => [core.labels(["N"], "Labels."), core.float(["N", "C"], "Probabilities.")],
    takes: declaration,
    open: declarationOpen,
  },
  list: { args: () => [core.float(["N", "D"], "Scores.")], takes: declaration, open: declarationOpen },
  byOption: {
    args: () => ["reduction", [["mean", core.float(["N"], "Scores.")]]],
    takes: { "0": name, "1.*.0": anything },
    whole: ["1.0.1"],
    once: true,
    result: (made) => made,
  },
  byPresence: {
    args: () => ["other", { given: core.float(["N", "M"]), absent: core.float(["N", "D"]) }],
    takes: { "0": name },
    whole: ["1.given", "1.absent"],
    once: true,
    result: (made) => made,
  },
  isFormTaken: {
    args: () => [core.float(["N"]).forms[0], () => undefined, () => true],
    takes: { "0": anything, "1": fn, "2": fn },
    whole: ["0"],
    calls: true,
  },
  sampleInputs: { args: () => [["N"]], takes: { "0": list(token), "0.*": token } },
  elementDeclaration: {
    args: () => [definition(), "input", core.float(["N", "D"], "Scores."), 0],
    takes: { "1": text, "2.doc": text, "2.differentiable": flag, "2.isParameter": flag, "2.isList": flag, "3": size },
    whole: ["0", "2.forms"],
    open: ["2"],
  },
};
