import { opTable, type EvaluateContext, type NodeOf, type OpName, type UnaryOp } from "@losses/core";
import type { StepContext } from "./kernelCalls.js";
import type { Data, Runtime, TfDType, Value } from "./runtime.js";

// The engines cpu and wasm keep tensors where JavaScript reads them at once. Where they have no kernel that does what an op
// does, the op's definition is run on them: one loop costs less than the kernels that the op would be composed of.

/** True for engines whose tensors lie in memory that JavaScript reads. */
export function isInMemory(device: string): boolean {
  return device === "cpu" || device === "wasm";
}

/** Ops whose definition is a loop of few steps for each element, in float64. */
export type DefinedOp =
  "argMax" | "argMin" | "argsort" | "cumsum" | "gather" | "scatterAdd" | "concat" | "slice" | "pad";

/** A node's result as its definition has it. */
export function evaluated(rt: Runtime, node: NodeOf<DefinedOp>, { operands, shape, sizes }: StepContext): Value {
  const inputs = operands.map((x) => ({ shape: x.shape, data: rt.data(x) }));
  const { evaluate } = opTable[node.op] as unknown as {
    readonly evaluate: (context: EvaluateContext<OpName>) => Float64Array;
  };
  const context = { inputs, attrs: node.attrs, shape, sizes, feeds: {}, run: () => [] };
  return rt.make(
    arrayOf(node.dtype as TfDType, evaluate(context as unknown as EvaluateContext<OpName>)),
    shape,
    node.dtype as TfDType,
  );
}

/** An element-wise function as its definition has it. */
export function evaluatedFunction(rt: Runtime, op: UnaryOp, x: Value): Value {
  const { at } = opTable[op];
  return rt.make(
    Float32Array.from(rt.data(x), (element) => at([element], {})),
    x.shape,
    "float32",
  );
}

/** These elements, or room for so many, in the storage of a dtype. */
export function arrayOf(dtype: TfDType, elements: number | Float64Array): Data {
  const Storage = dtype === "float32" ? Float32Array : dtype === "int32" ? Int32Array : Uint8Array;
  return typeof elements === "number" ? new Storage(elements) : new Storage(elements);
}
