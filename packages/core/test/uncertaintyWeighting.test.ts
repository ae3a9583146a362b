import { describe, expect, it } from "vitest";
import {
  allLosses,
  clipLoss,
  cmpcLoss,
  crossEntropy,
  defineSyncBackend,
  lsganGeneratorLoss,
  OptionError,
  ShapeError,
  sdmLoss,
  specFromJSON,
  uncertaintyWeighting,
  weightedSum,
  type LossSpec,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const inputs = {
  input: [
    [1.5, -0.25, 0.5],
    [0, 2, -1],
  ],
  target: [0, 2],
  fake: [0.5, -1, 2],
  logVariances: [0.5, -0.75],
};

describe("uncertaintyWeighting", () => {
  const spec = uncertaintyWeighting([
    { name: "labels", loss: crossEntropy(), task: "classification" },
    { loss: lsganGeneratorLoss() },
  ]);

  it("is PyTorch's value and gradients of exp(-s) CE + s / 2 + exp(-s) LSGAN / 2 + s / 2", () => {
    const loss = backend.compileSync(spec, { dtype: "float64" });
    const { value, grads } = loss.valueAndGradSync(inputs);
    expect(value.data[0]).toBeCloseTo(1.8937619619256143, 13);
    const expected = {
      input: [
        -0.10655098869415149, 0.03418382679700567, 0.07236716189714579, 0.0346314448093769, 0.2558936884835066,
        -0.2905251332928835,
      ],
      fake: [-0.17641666805105624, -0.705666672204225, 0.3528333361021125],
      logVariances: [-0.5925744546575693, -0.4261875072680452],
    };
    for (const [name, truth] of Object.entries(expected)) {
      const found = grads[name as keyof typeof expected].data;
      truth.forEach((x, i) => expect(found[i], `${name}[${i}]`).toBeCloseTo(x, 13));
    }
  });

  it("gives the tasks' own values and the penalty as parts", () => {
    const { parts = {} } = backend.compileSync(spec, { dtype: "float64" }).valueAndGradSync(inputs, { parts: true });
    expect(Object.keys(parts)).toEqual(["labels", "lsganGeneratorLoss", "uncertainty"]);
    expect(parts["labels"]?.data[0]).toBeCloseTo(1.8013507432175273, 13);
    expect(parts["lsganGeneratorLoss"]?.data[0]).toBeCloseTo(0.875, 13);
    expect(parts["uncertainty"]?.data[0]).toBeCloseTo(-0.125, 13);
  });

  it("is read from its JSON, and is a term of a weighted sum", () => {
    const json = JSON.parse(JSON.stringify(spec)) as ReturnType<typeof spec.toJSON>;
    expect(specFromJSON(allLosses, json).toJSON()).toEqual(spec.toJSON());
    const sum = weightedSum([{ loss: spec, weight: 2 }]) as LossSpec;
    const again = specFromJSON(allLosses, JSON.parse(JSON.stringify(sum)) as ReturnType<typeof sum.toJSON>);
    const value = backend.compileSync(again, { dtype: "float64" }).valueSync(inputs as never);
    expect(value.data[0]).toBeCloseTo(2 * 1.8937619619256143, 12);
  });

  it("refuses what it cannot weigh", () => {
    expect(() => uncertaintyWeighting([])).toThrow(
      new OptionError("uncertaintyWeighting: terms must be a list of losses, got an array."),
    );
    expect(() => uncertaintyWeighting([{ loss: clipLoss(), task: "other" as never }])).toThrow(OptionError);
    expect(() => uncertaintyWeighting([{ loss: clipLoss(), name: "uncertainty" }])).toThrow("different names");
    const twice = [{ loss: clipLoss() }, { loss: clipLoss(), name: "clipLoss" }];
    expect(() => uncertaintyWeighting(twice)).toThrow("different names");
    expect(() => uncertaintyWeighting([{ loss: cmpcLoss() }, { loss: sdmLoss() }])).toThrow(
      "uncertaintyWeighting: labels must be declared alike",
    );
    const inner = uncertaintyWeighting([{ loss: clipLoss() }]) as LossSpec;
    expect(() => uncertaintyWeighting([{ loss: inner }])).toThrow("no task may have an input logVariances");
    const renamed = uncertaintyWeighting([{ loss: inner, inputs: { logVariances: "innerVariances" } }]) as LossSpec;
    expect(Object.keys(renamed.loss.definition.inputs)).toContain("innerVariances");
    const loss = backend.compileSync(spec);
    expect(() => loss.valueSync({ ...inputs, logVariances: [0, 0, 0] })).toThrow(ShapeError);
  });
});
