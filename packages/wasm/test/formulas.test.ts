import { bindInputs, defineLoss, float, reduction, traceLoss, type Tensor } from "@losses/core";
import { expect, it } from "vitest";
import { compileProgram, type Features } from "../src/index.js";

/** Bytes of the code of an element-wise function. */
function codeOf(value: (x: Tensor) => Tensor, features: Features): number {
  const loss = defineLoss({
    name: "underTest",
    summary: "A function under test.",
    formula: "f",
    inputs: { x: float(["N"]) },
    options: { reduction: reduction("none") },
    value: ({ x }) => value(x as Tensor),
  });
  const binding = bindInputs(loss.definition, { x: { shape: [5], dtype: "float32" } });
  const graph = traceLoss(loss(), binding, { dtype: "float32", gradients: [] });
  const { program, reason } = compileProgram(graph, features);
  if (program === undefined) throw new Error(reason);
  return program.bytes(false).length;
}

it.each([false, true])("compute once what sigmoid and softplus of the same number share: relaxed %s", (relaxed) => {
  const features = { relaxed };
  const sigmoid = codeOf((x) => x.sigmoid(), features) - codeOf((x) => x.neg(), features);
  const both = codeOf((x) => x.softplus().add(x.sigmoid()), features) - codeOf((x) => x.softplus().neg(), features);
  expect(both).toBeLessThan(sigmoid / 2);
});
