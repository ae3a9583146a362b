import { runInThisContext } from "node:vm";
import {
  crossEntropy,
  ctcLoss,
  defineLoss,
  featureMatchingLoss,
  float,
  l1Loss,
  labels,
  mseLoss,
  reduction,
  tripletMarginLoss,
  type LossSpec,
} from "@losses/core";
import { describe, expect, it, vi } from "vitest";
import { exportModule, type ExportModuleOptions } from "../src/exportModule.js";
import { createBackendSync, type JsTensor } from "../src/index.js";
import * as runtime from "../src/precompiled.js";

type Feeds = Readonly<Record<string, unknown>>;

interface Module {
  readonly valueSync: (feeds: Feeds) => JsTensor;
  readonly valueAndGradSync: (feeds: Feeds) => {
    readonly value: JsTensor;
    readonly grads: Readonly<Record<string, JsTensor | readonly JsTensor[]>>;
  };
}

function moduleOf(spec: LossSpec, options?: ExportModuleOptions): Module {
  return load(exportModule(spec, options).code);
}

/** What the text of a module exports. */
function load(code: string, own: typeof runtime = runtime): Module {
  const body = code.replace(/^import .*$/m, "").replaceAll("export const ", "exported.");
  const names = Object.keys(own).join(", ");
  const run: unknown = runInThisContext(`(({ ${names} }) => { const exported = {}; ${body} return exported; })`);
  return (run as (own: object) => Module)(own);
}

const ce = { input: [[2, 1, 0], [0, 3, 1]], target: [0, 1] }; // prettier-ignore

describe("a module", () => {
  it("gives what a backend gives, for every size, one axis of which has a name", () => {
    const spec = tripletMarginLoss({ margin: 0.2 });
    const { valueSync, valueAndGradSync } = moduleOf(spec, { gradients: true });
    const loss = createBackendSync({ engine: "scalar" }).compileSync(spec);
    for (const [n, d] of [
      [1, 1],
      [3, 5],
      [64, 17],
    ] as const) {
      const rows = (seed: number): Feeds => ({
        data: Float32Array.from({ length: n * d }, (_, i) => Math.sin(i * 7 + seed)),
        shape: [n, d],
      });
      const feeds = { anchor: rows(1), positive: rows(2), negative: rows(3) };
      const found = valueAndGradSync(feeds);
      const wanted = loss.valueAndGradSync(feeds as never);
      expect(found.value.data[0]).toBeCloseTo(wanted.value.data[0] ?? NaN, 5);
      expect(valueSync(feeds).data).toEqual(found.value.data);
      expect(found.grads["positive"]).toMatchObject({ shape: [n, d], dtype: "float32" });
      const gradient = found.grads["positive"] as JsTensor;
      expect([...gradient.data].map((x) => x.toFixed(5))).toEqual(
        [...wanted.grads.positive.data].map((x) => x.toFixed(5)),
      );
    }
  });

  it("takes plain data of every kind, as a backend does", () => {
    const { valueSync } = moduleOf(crossEntropy());
    const input = Float64Array.from(ce.input.flat());
    for (const feeds of [
      ce,
      { input: { data: input, shape: [2, 3] }, target: Int32Array.of(0, 1) },
      { input: [Float32Array.of(2, 1, 0), Float32Array.of(0, 3, 1)], target: BigInt64Array.of(0n, 1n) },
      { input: { data: input, dims: [2, 3], type: "float32" }, target: Uint8Array.of(0, 1) },
    ]) {
      expect(valueSync(feeds).data[0]).toBeCloseTo(0.288726, 5);
    }
  });

  it("has the inputs and the gradients that were asked for", () => {
    const { valueAndGradSync } = moduleOf(crossEntropy(), { inputs: { weight: {} }, gradients: ["input"] });
    const { value, grads } = valueAndGradSync({ ...ce, weight: [1, 3, 1] });
    expect(value.data[0]).toBeCloseTo((0.407606 + 3 * 0.169846) / 4, 5);
    expect(Object.keys(grads)).toEqual(["input"]);
    expect(moduleOf(crossEntropy())).not.toHaveProperty("valueAndGradSync");
  });

  it("takes and gives lists", () => {
    const shapes = { "real.0": ["N", 2], "fake.0": ["N", 2], "real.1": ["N", 3], "fake.1": ["N", 3] } as const;
    const { valueAndGradSync } = moduleOf(featureMatchingLoss(), { shapes, gradients: ["fake"] });
    const feeds = { real: [[[1, 2]], [[1, 2, 3]]], fake: [[[1, 1]], [[0, 0, 0]]] };
    const wanted = createBackendSync()
      .compileSync(featureMatchingLoss())
      .valueAndGradSync(feeds as never, { wrt: ["fake"] });
    expect(valueAndGradSync(feeds)).toEqual(wanted);
    expect(() => valueAndGradSync({ ...feeds, fake: [[[1, 1]]] })).toThrow("fake must be a list of 2 tensors");
    expect(exportModule(featureMatchingLoss(), { shapes, gradients: ["fake"] }).types).toContain(
      "readonly fake: readonly JsTensor[]",
    );
  });

  it("has a type for what it takes and gives", () => {
    expect(
      exportModule(mseLoss(), { gradients: ["input"] })
        .types.split("\n")
        .slice(1),
    ).toEqual([
      'import type { JsTensor, PlainTensor } from "@losses/js/precompiled";',
      "",
      "/** What the loss is fed. */",
      "export type Feeds = { readonly input: PlainTensor; readonly target: PlainTensor };",
      "/** The loss. */",
      "export declare function valueSync(feeds: Feeds): JsTensor;",
      "/** The loss and its gradients. */",
      "export declare function valueAndGradSync(feeds: Feeds): { readonly value: JsTensor; readonly grads: { readonly input: JsTensor } };",
      "",
    ]);
  });

  it.each<readonly [string, Feeds, string]>([
    ["a class that there is not", { ...ce, target: [0, 3] }, "crossEntropy: target must hold class indices in [0, 2]"],
    ["another shape", { ...ce, target: [0, 1, 1] }, "crossEntropy: target must have shape [N]"],
    ["another number of axes", { ...ce, input: [2, 1, 0] }, "crossEntropy: input must have shape [N, C]"],
    [
      "another dtype",
      { ...ce, target: Float32Array.of(0, 1) },
      "crossEntropy: target must be int32 or int64 class indices, got float32",
    ],
    ["nothing", { input: ce.input }, "crossEntropy: inputs must be input, target, got no target"],
    ["what it was not written for", { ...ce, weight: [1, 1, 1] }, "the unknown input weight"],
    ["what is no tensor", { ...ce, input: "x" }, "crossEntropy: input must be nested arrays"],
  ])("refuses %s", (_, feeds, message) => {
    const { valueSync } = moduleOf(crossEntropy());
    expect(() => valueSync(feeds)).toThrow(message);
    expect(valueSync(ce).data[0]).toBeCloseTo(0.288726, 5);
  });

  it("refuses a mean over nothing where the loss does", () => {
    const nothing = { input: new Float32Array(0), target: new Float32Array(0) };
    expect(moduleOf(l1Loss()).valueSync(nothing).data[0]).toBeNaN();
    expect(() => moduleOf(l1Loss({ empty: "error" })).valueSync(nothing)).toThrow(
      "l1Loss: there must be something to average",
    );
  });

  it("takes labels to ignore that 32 bits cannot hold", () => {
    const ignored = 2 ** 40;
    const { valueSync } = moduleOf(crossEntropy({ ignoreIndex: ignored }));
    expect(valueSync({ ...ce, target: BigInt64Array.of(0n, BigInt(ignored)) }).data[0]).toBeCloseTo(0.407606, 5);
  });

  it("refuses sizes with which a part of it would be outside", () => {
    const firstFour = defineLoss({
      name: "firstFour",
      summary: "The sum of four elements.",
      formula: "sum x[:4]",
      inputs: { x: float(["N"], "x") },
      options: { reduction: reduction("none") },
      value: ({ x }) => x.slice(0, 0, 4).sum(),
    });
    const { valueSync } = moduleOf(firstFour() as LossSpec);
    expect(valueSync({ x: [1, 2, 3, 4, 5] }).data[0]).toBe(10);
    expect(() => valueSync({ x: [1, 2, 3] })).toThrow("firstFour: slice must stay inside its axis");
  });

  it("says where WebAssembly does not work", async () => {
    const { code } = exportModule(l1Loss());
    // Its memory is made by the first call.
    vi.resetModules();
    const fresh = await import("../src/precompiled.js");
    const { valueSync } = load(code, fresh);
    vi.stubGlobal("WebAssembly", undefined);
    try {
      expect(() => valueSync({ input: [1], target: [2] })).toThrow(
        "js:precompiled: WebAssembly must work here, got: this JavaScript engine has no WebAssembly.",
      );
    } finally {
      vi.unstubAllGlobals();
    }
    expect(valueSync({ input: [1], target: [2] }).data[0]).toBe(1);
  });
});

describe("exportModule", () => {
  it("asks for sizes on which options depend", () => {
    expect(() => exportModule(ctcLoss())).toThrow(
      'ctcLoss: C must be a size, because its options depend on it, got the name "C".',
    );
    const module = moduleOf(ctcLoss({ blank: 2 }), { shapes: { logProbs: ["T", "N", 3] } });
    expect(() => exportModule(ctcLoss({ blank: 3 }), { shapes: { logProbs: ["T", "N", 3] } })).toThrow("blank");
    const row = [Math.log(0.25), Math.log(0.25), Math.log(0.5)];
    const feeds = { logProbs: [[row], [row]], targets: [[0]], inputLengths: [2], targetLengths: [1] };
    const wanted = createBackendSync()
      .compileSync(ctcLoss({ blank: 2 }))
      .valueSync(feeds);
    expect(module.valueSync(feeds).data[0]).toBeCloseTo(wanted.data[0] ?? NaN, 5);
  });

  it("refuses what does not fit the loss", () => {
    expect(() => exportModule(l1Loss(), { gradients: ["x"] as never })).toThrow('got "x"');
    expect(() => exportModule(l1Loss(), { dtype: "float64" } as never)).toThrow("dtype");
    expect(() => exportModule(l1Loss(), { shapes: { input: ["N", 3, -1] } })).toThrow(
      "l1Loss: shapes.input must have at most",
    );
  });

  it("is read by the version that wrote it", () => {
    const { code } = exportModule(l1Loss());
    expect(() => load(code.replace('"format":1', '"format":2'))).toThrow("must be of format 1, got 2");
    expect(() => runtime.precompiledValue("{", "{")).toThrow("the signature must be a text that was written for it");
  });

  it("writes losses of one's own, with what they are checked for", () => {
    const pick = defineLoss({
      name: "pick",
      summary: "One element of each row, and it isn't quoted.",
      formula: "x[i, index[i]]",
      inputs: { x: float(["N", "C"], "x"), index: labels(["N"], "which", { below: "C" }) },
      options: { reduction: reduction("sum") },
      value: ({ x, index }) => x.gather(1, index.unsqueeze(1)).sum(),
    });
    const { valueAndGradSync } = moduleOf(pick() as LossSpec, { gradients: true });
    const { value, grads } = valueAndGradSync({ x: [[1, 2], [3, 4]], index: [1, 0] }); // prettier-ignore
    expect([value.data[0], [...(grads["x"] as JsTensor).data]]).toEqual([5, [0, 1, 1, 0]]);
    expect(() => valueAndGradSync({ x: [[1, 2]], index: [2] })).toThrow(
      "pick: index must hold class indices in [0, 1]",
    );
  });
});
