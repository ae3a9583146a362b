import { LossesError } from "@losses/core";
import { describe, expect, it } from "vitest";
import type { Entries } from "./entries.js";
import { entries as core, methods } from "./entries/core.js";
import { entries as js, scalar } from "./entries/js.js";
import { entries as onnx } from "./entries/onnx.js";
import { tensorCall } from "./entries/tensor.js";
import { entries as tfjs, made } from "./entries/tfjs.js";
import { entries as wasm } from "./entries/wasm.js";
import { walk, type Call } from "./walk.js";

/** Packages, and what is known of their exports. */
const known: Readonly<Record<string, Entries>> = {
  "@losses/core": core,
  "@losses/js": js,
  "@losses/js/scalar": scalar,
  "@losses/wasm": wasm,
  "@losses/onnx": onnx,
  "@losses/tfjs": tfjs,
};

const patient = { timeout: 600_000 };

async function expectNone(problems: Promise<readonly string[]>): Promise<void> {
  expect((await problems).join("\n")).toBe("");
}

describe("bad arguments are refused with an error that helps, or answered rightly", () => {
  for (const [way, entries] of Object.entries(known)) {
    describe(way, async () => {
      const exports = (await import(way)) as Readonly<Record<string, unknown>>;

      it("in every export", () => {
        expect(Object.keys(entries).sort()).toEqual(Object.keys(exports).sort());
        for (const [name, entry] of Object.entries(entries)) {
          expect([name, typeof exports[name] === "function"]).toEqual([name, entry !== "data"]);
        }
      });

      for (const [name, entry] of Object.entries(entries)) {
        if (entry === "data") continue;
        if (entry === "error") {
          it(name, () => {
            const Class = exports[name] as new (...parts: readonly string[]) => LossesError;
            const parts = name === "LossesError" ? ["INVALID_INPUT", "it must be"] : ["it must be"];
            const error = new Class(...parts);
            expect(error).toBeInstanceOf(LossesError);
            expect([error.name, error.message]).toEqual([name, "it must be"]);
          });
        } else it(name, patient, () => expectNone(walk(name, entry.call ?? (exports[name] as Call), entry)));
      }
    });
  }
});

describe("of a tensor of a loss", () => {
  for (const [name, entry] of Object.entries(methods)) {
    it(name, patient, () => expectNone(walk(name, tensorCall(name), entry)));
  }
});

describe("of what toTfjs and toLayersLoss give", () => {
  for (const [name, entry] of Object.entries(made)) {
    it(name, patient, () => expectNone(walk(name, entry.call as Call, entry)));
  }
});
