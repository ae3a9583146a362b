import { crossEntropy, fixLoss } from "@losses/core";
import { compileProgram, hostSteps, saveProgram } from "@losses/wasm";
import type { Entries } from "../entries.js";
import { empty, fn } from "../takes.js";
import { symbolic } from "./symbolic.js";
import { anything, type Entry } from "../walk.js";

const creates: Entry = {
  args: () => [{ engine: "scalar" }],
  takes: { nothing: anything, "0": empty },
  once: true,
  result: (made) => (made as { readonly id: string }).id,
};

export const entries: Entries = { createBackend: creates, createBackendSync: creates };

/** The scalar engine alone: it takes nothing. */
export const scalar: Entries = { createBackend: { args: () => [] }, createBackendSync: { args: () => [] } };

export const exporting: Entries = {
  exportModule: { ...symbolic, result: (made) => (made as { readonly code: string }).code },
};

const fixed = fixLoss(crossEntropy());
const { program } = compileProgram(fixed.value, { relaxed: false });
if (program === undefined) throw new Error("cross entropy must compile");

const made: Entry = {
  args: () => [fixed.signature, saveProgram(program), hostSteps],
  takes: { "2": (value) => value === undefined, "2.bindStep": fn },
  open: ["2"],
};

export const precompiled: Entries = {
  hostSteps: "data",
  precompiledValue: made,
  precompiledValueAndGrad: made,
};
