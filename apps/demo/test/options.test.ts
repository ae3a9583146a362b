import { describe, expect, it } from "vitest";
import { readOptions, UsageError } from "../src/options.js";
import { objectives } from "../src/training/objectives.js";

describe("readOptions", () => {
  it("trains everything on js by default", () => {
    expect(readOptions([])).toMatchObject({ backend: "js", objectives, seed: 1, quick: false });
  });

  it("takes what is given", () => {
    const options = readOptions(
      "--backend tfjs:wasm --losses clipLoss,vseLoss++ --steps 7 --seed 9 --report x.html".split(" "),
    );
    expect(options).toMatchObject({ backend: "tfjs:wasm", steps: 7, seed: 9, report: "x.html" });
    expect(options === "help" ? [] : options.objectives.map(({ name }) => name)).toEqual(["clipLoss", "vseLoss++"]);
    expect(readOptions(["--help"])).toBe("help");
  });

  it.each([
    [
      ["--backend", "cuda"],
      '--backend: must be one of js, js:wasm, js:scalar, tfjs:cpu, tfjs:wasm, onnxruntime:cpu, got "cuda".',
    ],
    [["--losses", "clipLoss,nope"], 'got "nope".'],
    [["--steps", "0"], '--steps: must be an integer >= 1, got "0".'],
    [["--steps", "1.5"], '--steps: must be an integer >= 1, got "1.5".'],
    [["--seed", "-1"], "--seed"],
    [["--unknown"], "--unknown"],
    [["stray"], "stray"],
  ])("refuses %j", (args, message) => {
    expect(() => readOptions(args)).toThrow(UsageError);
    expect(() => readOptions(args)).toThrow(message);
  });
});
