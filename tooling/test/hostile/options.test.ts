import { crossEntropy, OptionError, type CompileOptions } from "@losses/core";
import * as js from "@losses/js";
import * as onnx from "@losses/onnx";
import * as onnxruntime from "@losses/onnxruntime";
import * as tfjs from "@losses/tfjs";
import { describe, expect, it } from "vitest";

/** Arguments as JavaScript gives them, whatever the types say. */
const wrong = (value: unknown): never => value as never;
const feeds = { input: [[1, 2]], target: [0] };
const compiled = () => js.createBackendSync().compileSync(crossEntropy());

/** A call with an option that is misspelt or belongs elsewhere, and what the refusal names as allowed. */
const calls: readonly (readonly [string, () => unknown, string])[] = [
  ['tfjs.createBackend("wasm")', () => tfjs.createBackend(wrong("wasm")), "device, tf"],
  ["tfjs.createBackend({ engine })", () => tfjs.createBackend(wrong({ engine: "wasm" })), "device, tf"],
  ["js.createBackend({ device })", () => js.createBackend(wrong({ device: "webgpu" })), "engine, threads, memory"],
  [
    "js.createBackendSync({ device })",
    () => js.createBackendSync(wrong({ device: "webgpu" })),
    "engine, threads, memory",
  ],
  ['onnxruntime.createBackend("cuda")', () => onnxruntime.createBackend(wrong("cuda")), "device, runtime"],
  [
    "onnxruntime.createBackend({ engine })",
    () => onnxruntime.createBackend(wrong({ engine: "cpu" })),
    "device, runtime",
  ],
  [
    "compile(spec, { dtpe })",
    () => js.createBackendSync().compileSync(crossEntropy(), wrong({ dtpe: "float64" }) as CompileOptions),
    "dtype",
  ],
  [
    "valueAndGrad(feeds, { wtr })",
    () => compiled().valueAndGradSync(feeds, wrong({ wtr: ["input"] })),
    "wrt, parts, signal",
  ],
  ['valueAndGrad(feeds, ["input"])', () => compiled().valueAndGradSync(feeds, wrong(["input"])), "wrt, parts, signal"],
  ["value(feeds, { wrt })", () => compiled().valueSync(feeds, wrong({ wrt: ["input"] })), "signal, out"],
  ["toTfjs(spec, { wtr })", () => tfjs.toTfjs(crossEntropy(), wrong({ wtr: ["input"] })), "tf, wrt"],
  [
    "toLayersLoss(spec, { pred })",
    () => tfjs.toLayersLoss(crossEntropy(), wrong({ pred: "input" })),
    "prediction, truth",
  ],
  ["exportLoss(spec, { grads })", () => onnx.exportLoss(crossEntropy(), wrong({ grads: true })), "gradients"],
  ["crossEntropy({ smoothing })", () => crossEntropy(wrong({ smoothing: 0.1 })), "labelSmoothing"],
];

describe("an option that is misspelt or belongs elsewhere is refused with those that are allowed", () => {
  it.each(calls)("%s", async (_, call, allowed) => {
    const refusal: unknown = await Promise.resolve()
      .then(call)
      .then(
        () => "accepted",
        (error: unknown) => error,
      );
    expect(refusal).toBeInstanceOf(OptionError);
    expect((refusal as OptionError).message).toContain(allowed);
  });
});
