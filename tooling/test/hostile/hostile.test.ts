import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { LossesError } from "@losses/core";
import { describe, expect, it, vi } from "vitest";
import type { Entries } from "./entries.js";
import { entries as cli } from "./entries/cli.js";
import { entries as conformance } from "./entries/conformance.js";
import { entries as core, methods } from "./entries/core.js";
import { entries as docs } from "./entries/docs.js";
import { entries as io } from "./entries/io.js";
import { entries as js, exporting, precompiled, scalar } from "./entries/js.js";
import { entries as onnx } from "./entries/onnx.js";
import { entries as onnxruntime } from "./entries/onnxruntime.js";
import { tensorCall } from "./entries/tensor.js";
import { entries as tfjs, made } from "./entries/tfjs.js";
import { entries as wasm } from "./entries/wasm.js";
import { walk, type Call } from "./walk.js";

/** Every way into a package, as its manifest names them. */
const known: Readonly<Record<string, Entries>> = {
  "@losses/core": core,
  "@losses/core/docs": docs,
  "@losses/js": js,
  "@losses/js/export": exporting,
  "@losses/js/precompiled": precompiled,
  "@losses/js/scalar": scalar,
  "@losses/tfjs": tfjs,
  "@losses/onnx": onnx,
  "@losses/onnxruntime": onnxruntime,
  "@losses/wasm": wasm,
  "@losses/io": io,
  "@losses/conformance": conformance,
  "@losses/cli": cli,
};

/** What registers tests of its own, which a test must not; its refusals are tested below. */
const registering: readonly string[] = ["@losses/conformance/vitest"];

const packages = new URL("../../../packages/", import.meta.url);

function waysIn(): readonly string[] {
  return readdirSync(fileURLToPath(packages)).flatMap((folder) => {
    const manifest = JSON.parse(readFileSync(new URL(`${folder}/package.json`, packages), "utf8")) as {
      readonly name: string;
      readonly exports: Readonly<Record<string, unknown>>;
    };
    return Object.keys(manifest.exports)
      .filter((path) => path !== "./package.json")
      .map((path) => manifest.name + path.slice(1));
  });
}

// The command writes what it answers.
vi.spyOn(process.stdout, "write").mockImplementation(() => true);
vi.spyOn(process.stderr, "write").mockImplementation(() => true);

const patient = { timeout: 600_000 };

async function expectNone(problems: Promise<readonly string[]>): Promise<void> {
  expect((await problems).join("\n")).toBe("");
}

describe("bad arguments are refused with an error that helps, or answered rightly", () => {
  it("in every package", () => {
    expect(
      waysIn()
        .filter((way) => !registering.includes(way))
        .sort(),
    ).toEqual(Object.keys(known).sort());
  });

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
            const parts =
              name === "LossesError" || name === "FileError" ? ["INVALID_INPUT", "it must be"] : ["it must be"];
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
