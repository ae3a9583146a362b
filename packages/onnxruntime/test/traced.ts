import {
  defineLoss,
  float,
  labels,
  mask,
  reduction,
  traceLoss,
  type Binding,
  type BoundInput,
  type Graph,
  type InputDeclaration,
  type Shape,
  type Tensor,
} from "@losses/core";

/** An input of a graph made for a test. */
export interface TestInput {
  readonly shape: Shape;
  readonly dtype?: "float32" | "int32" | "bool";
}

const declare: { readonly [K in NonNullable<TestInput["dtype"]>]: (shape: Shape) => InputDeclaration } = {
  float32: float,
  int32: labels,
  bool: mask,
};

/** The graph of any expression over inputs, without a loss around it. */
export function trace(
  inputs: Readonly<Record<string, TestInput>>,
  build: (tensors: Readonly<Record<string, Tensor>>) => Tensor,
  gradients: readonly string[] = [],
): Graph {
  const declared = Object.fromEntries(
    Object.entries(inputs).map(([name, { shape, dtype = "float32" }]) => [name, declare[dtype](shape)]),
  );
  const expression = defineLoss({
    name: "expression",
    summary: "An expression under test.",
    formula: "f(x)",
    inputs: declared,
    options: { reduction: reduction("none") },
    value: (tensors) => build(tensors as Readonly<Record<string, Tensor>>),
  });
  const bound = Object.entries(declared).map(([name, { forms, differentiable }]): BoundInput => {
    const [form] = forms;
    if (form === undefined) throw new Error(`${name} has no form`);
    return { name, shape: form.shape, holds: form.holds, integral: false, differentiable };
  });
  const binding: Binding = { inputs: bound, sizes: {}, key: "" };
  return traceLoss(expression(), binding, { dtype: "float32", gradients });
}
