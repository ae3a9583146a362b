import {
  binaryCrossEntropy,
  crossEntropy,
  customGradient,
  defineLoss,
  float,
  ganDiscriminatorLoss,
  InputError,
  l1Loss,
  OptionError,
  reduction,
  type LossSpec,
  type Tensor,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import { checkGradients } from "../src/index.js";

const own = (value: (x: Tensor) => Tensor): LossSpec<{ x: "float" }> =>
  defineLoss({
    name: "own",
    inputs: { x: float(["N"]) },
    options: { reduction: reduction("sum") },
    value: ({ x }) => value(x),
  })();

describe("checkGradients", () => {
  it("finds nothing wrong with gradients that are right", async () => {
    const cubed = await checkGradients(
      own((x) => x.mul(x).mul(x)),
      { x: [0.5, -1, 2] },
    );
    expect(cubed).toEqual({ problems: [], checked: 3, kinks: [] });
    const entropy = await checkGradients(crossEntropy(), { input: [[2, 1, 0], [0, 3, 1]], target: [0, 1] }); // prettier-ignore
    expect(entropy).toEqual({ problems: [], checked: 6, kinks: [] });
    const lists = await checkGradients(ganDiscriminatorLoss(), { real: [0.3, -1], fake: [0.2] });
    expect(lists.problems).toEqual([]);
  });

  it("names the element of a gradient that is wrong", async () => {
    const { problems } = await checkGradients(
      own((x) => customGradient(x.mul(x), [x], (g) => [g.mul(x)])),
      { x: [0, 3] },
    );
    expect(problems).toEqual([
      expect.stringMatching(
        /^own: the gradient of x at position 1 must be the slope of the value, 5\.99.* and 6\.0.*, got 3\.$/,
      ),
    ]);
  });

  it("takes a subgradient at a kink, and nothing outside of it", async () => {
    const { problems, kinks } = await checkGradients(l1Loss({ reduction: "sum" }), { input: [1, 2], target: [1, 3] });
    expect(problems).toEqual([]);
    // 0 is the mean of both slopes; an end of them is a subgradient too.
    expect(kinks).toEqual([]);
    const relu = await checkGradients(
      own((x) => x.relu()),
      { x: [0] },
    );
    expect(relu).toMatchObject({ problems: [], kinks: [{ input: "x", position: 0, left: 0, right: 1 }] });
    const outside = own((x) => customGradient(x.abs(), [x], (g) => [g.mul(2)]));
    expect((await checkGradients(outside, { x: [0] })).problems).toHaveLength(1);
  });

  it("takes the one side that is inside the domain", async () => {
    const { problems, checked } = await checkGradients(binaryCrossEntropy(), { input: [0.5, 0.25], target: [0, 1] });
    expect([problems, checked]).toEqual([[], 4]);
  });

  it("looks at so many elements, and refuses what the loss refuses", async () => {
    const spec = own((x) => x.exp());
    expect((await checkGradients(spec, { x: new Float64Array(50) }, { elements: 5 })).checked).toBe(5);
    await expect(checkGradients(spec, { y: [1] } as never)).rejects.toThrow(InputError);
    await expect(checkGradients(spec, { x: [1] }, { element: 5 } as never)).rejects.toThrow(OptionError);
  });
});
