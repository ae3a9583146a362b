/** What the editor begins with. */
export const firstProgram = `import { defineLoss, float, positive, reduction } from "@losses/core";

// A loss of your own: quadratic near 0, straight far away, smooth everywhere.
const pseudoHuber = defineLoss({
  name: "pseudoHuber",
  summary: "Smooth absolute error.",
  formula: "delta^2 (sqrt(1 + ((input - target) / delta)^2) - 1)",
  inputs: {
    input: float(["~d"], "Predictions."),
    target: float(["~d"], "Truth."),
  },
  options: {
    delta: positive(1, "Where the quadratic part ends."),
    reduction: reduction("mean"),
  },
  value({ input, target }, { delta }) {
    const scaled = input.sub(target).div(delta);
    return scaled.square().add(1).sqrt().sub(1).mul(delta * delta);
  },
});

export const loss = pseudoHuber({ delta: 0.5 });

export const inputs = {
  input: [[0.2, 1.5, -3], [0, 0.4, 2]],
  target: [[0, 1, -1], [0, 0.5, -2]],
};
`;
