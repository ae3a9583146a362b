import { LossesError } from "../errors.js";
import { normalizeAxis } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import { innermostOf, readTensors } from "./tracedTensor.js";

/** Tensors one after the other along an axis; their other axes are the same. */
export function concat(tensors: readonly Tensor[], axis: number): Tensor {
  const operands = readTensors("concat", tensors);
  const [first] = operands;
  if (first === undefined) {
    throw new LossesError("INVALID_DEFINITION", "concat: there must be tensors of the loss being traced, got none.");
  }
  const trace = innermostOf(operands);
  const ids = operands.map((tensor) => trace.idOf(tensor));
  return trace.tensor(trace.builder.add("concat", ids, { axis: normalizeAxis(axis, first.rank, "concat") }));
}

/** Tensors of one shape along a new axis. */
export function stack(tensors: readonly Tensor[], axis: number): Tensor {
  return concat(
    readTensors("stack", tensors).map((tensor) => tensor.unsqueeze(axis)),
    axis,
  );
}
