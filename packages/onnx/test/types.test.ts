import { crossEntropy, ganDiscriminatorLoss, type LossSpec } from "@losses/core";
import { describe, it } from "vitest";
import { attachLoss, exportLoss } from "../src/index.js";

declare const model: Uint8Array;
declare const unknown: LossSpec;

describe("types", () => {
  it("exportLoss and attachLoss know the names of inputs", () => {
    const use = (): void => {
      exportLoss(crossEntropy(), { gradients: ["input"], shapes: { input: ["N", 10] }, inputs: { weight: {} } });
      attachLoss(model, crossEntropy(), { mapping: { input: "logits" }, gradients: ["input"] });
      exportLoss(unknown, { gradients: ["anything"], shapes: { anything: [3] } });
      // @ts-expect-error there is no such input
      exportLoss(crossEntropy(), { gradients: ["inptu"] });
      // @ts-expect-error there is no such input
      exportLoss(crossEntropy(), { shapes: { logits: ["N", 10] } });
      // @ts-expect-error there is no such input
      attachLoss(model, crossEntropy(), { mapping: { logits: "logits" } });
      // @ts-expect-error a loss without lists has no elements
      exportLoss(crossEntropy(), { shapes: { "input.0": ["N", 10] } });
      exportLoss(ganDiscriminatorLoss(), { gradients: ["fake"] });
    };
    void use;
  });
});
