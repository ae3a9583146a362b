import { describe, expect, it } from "vitest";
import {
  allLosses,
  clipLoss,
  cmpmLoss,
  crossEntropy,
  defineSyncBackend,
  nllLoss,
  OptionError,
  rankingLoss,
  specFromJSON,
  vseLoss,
  weightedSum,
} from "../src/index.js";
import { interpreterEngine } from "./support/interpreter.js";

const backend = defineSyncBackend(interpreterEngine());
const feeds = {
  image: [
    [1, 0.5],
    [0.2, 1],
    [-0.4, 0.3],
  ],
  text: [
    [0.8, 0.1],
    [0.3, 0.9],
    [0.5, -0.6],
  ],
};

describe("weightedSum", () => {
  const spec = weightedSum([
    { loss: clipLoss(), weight: 2 },
    { loss: cmpmLoss(), weight: -0.5 },
  ]);
  const all = { ...feeds, logitScale: 3, labels: [0, 1, 2] };

  it("adds values and gradients of its terms", () => {
    const sum = backend.compileSync(spec).valueAndGradSync(all, { wrt: ["image"] });
    const clip = backend.compileSync(clipLoss()).valueAndGradSync({ ...feeds, logitScale: 3 });
    const cmpm = backend.compileSync(cmpmLoss()).valueAndGradSync({ ...feeds, labels: [0, 1, 2] });
    const mix = (a = NaN, b = NaN): unknown => expect.closeTo(2 * a - 0.5 * b, 12);
    expect(Array.from(sum.value.data)).toEqual([mix(clip.value.data[0], cmpm.value.data[0])]);
    const other = cmpm.grads.image?.data ?? [];
    expect(Array.from(sum.grads["image"]?.data ?? [])).toEqual(
      Array.from(clip.grads.image?.data ?? [], (a, i) => mix(a, other[i])),
    );
  });

  it("survives JSON", () => {
    const copy = specFromJSON(allLosses, JSON.parse(JSON.stringify(spec)) as never);
    expect(backend.compileSync(copy).valueSync(all).data).toEqual(backend.compileSync(spec).valueSync(all).data);
  });

  it("keeps the rules of its terms about inputs", () => {
    const vse = weightedSum([{ loss: vseLoss(), weight: 1 }]);
    expect(() => backend.compileSync(vse).valueSync({ image: feeds.image } as never)).toThrow(
      "inputs must be image and text, or scores",
    );
  });

  it.each<[string, () => unknown]>([
    ["no terms", () => weightedSum([])],
    ["a weight that is not finite", () => weightedSum([{ loss: rankingLoss(), weight: NaN }])],
    [
      "one input declared in two ways",
      () =>
        weightedSum([
          { loss: crossEntropy(), weight: 1 },
          { loss: nllLoss(), weight: 1 },
        ]),
    ],
  ])("refuses %s", (_, build) => {
    expect(build).toThrow(OptionError);
  });
});
