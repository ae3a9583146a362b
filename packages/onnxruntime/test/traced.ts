import {
  defineLoss,
  float,
  reduction,
  traceLoss,
  type Binding,
  type DType,
  type Graph,
  type Shape,
  type Tensor,
} from "@losses/core";

/** An input of a graph made for a test. */
export interface TestInput {
  readonly shape: Shape;
  readonly dtype?: "float32" | "int32";
}

/** The graph of any expression over inputs, without a loss around it. */
export function trace(
  inputs: Readonly<Record<string, TestInput>>,
  build: (tensors: Readonly<Record<string, Tensor>>) => Tensor,
  gradients: readonly string[] = [],
): Graph {
  const expression = defineLoss({
    name: "expression",
    summary: "An expression under test.",
    formula: "f(x)",
    inputs: Object.fromEntries(Object.keys(inputs).map((name) => [name, float(["...d"], "Anything.")])),
    options: { reduction: reduction("none") },
    value: (tensors) => build(tensors as Readonly<Record<string, Tensor>>),
  });
  const binding: Binding = {
    inputs: Object.entries(inputs).map(([name, { shape, dtype = "float32" }]) => ({
      name,
      shape,
      holds: dtype === "int32" ? { kind: "index", below: undefined, except: undefined } : { kind: "float" },
      integral: false,
      differentiable: dtype === "float32",
    })),
    sizes: {},
    key: "",
  };
  return traceLoss(expression(), binding, { dtype: "float32", gradients });
}

export type { DType };
