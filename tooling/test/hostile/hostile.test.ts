import { LossesError } from "@losses/core";
import * as coreExports from "@losses/core";
import * as jsExports from "@losses/js";
import * as jsScalarExports from "@losses/js/scalar";
import * as onnxExports from "@losses/onnx";
import * as tfjsExports from "@losses/tfjs";
import * as wasmExports from "@losses/wasm";
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
const known: Readonly<
  Record<string, { readonly exports: Readonly<Record<string, unknown>>; readonly entries: Entries }>
> = {
  "@losses/core": { exports: coreExports, entries: core },
  "@losses/js": { exports: jsExports, entries: js },
  "@losses/js/scalar": { exports: jsScalarExports, entries: scalar },
  "@losses/wasm": { exports: wasmExports, entries: wasm },
  "@losses/onnx": { exports: onnxExports, entries: onnx },
  "@losses/tfjs": { exports: tfjsExports, entries: tfjs },
};

const patient = { timeout: 600_000 };

async function expectNone(problems: Promise<readonly string[]>): Promise<void> {
  expect((await problems).join("\n")).toBe("");
}

describe("bad arguments are refused with an error that helps, or answered rightly", () => {
  for (const [way, { exports, entries }] of Object.entries(known)) {
    describe(way, () => {
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
