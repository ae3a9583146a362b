import { printValue } from "../arguments.js";
import { LossesError } from "../errors.js";
import type { HeldNumbers } from "../ops/types.js";
import type { Shape } from "../tensor/dims.js";
import type { DType } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import { GraphBuilder } from "./builder.js";
import type { GradientRule } from "./gradientRule.js";
import { TracedTensor, type Trace } from "./tracedTensor.js";

/** A tensor of the graph around, and the input that stands for it inside. */
export interface Captured {
  readonly from: TracedTensor;
  readonly input: number;
}

/**
 * Records what a loss does with its tensors; holds the stated gradients that a finished graph no longer needs. The body of a
 * scan has a tracer of its own inside another: what it uses of the graph around it becomes one of its inputs.
 */
export class Tracer implements Trace {
  readonly builder: GraphBuilder = new GraphBuilder();
  readonly rules: Map<number, GradientRule> = new Map();
  readonly captured: Captured[] = [];
  readonly #around: Trace | undefined;

  constructor(around?: Trace) {
    this.#around = around;
  }

  input(name: string, shape: Shape, dtype: DType, held?: HeldNumbers): Tensor {
    return this.tensor(this.builder.input(name, shape, dtype, held));
  }

  constant(value: number, dtype: DType): Tensor {
    return this.tensor(this.builder.constant(value, dtype));
  }

  tensor(id: number): TracedTensor {
    return new TracedTensor(this, id);
  }

  isInside(other: Trace): boolean {
    return other === this || this.#around?.isInside(other) === true;
  }

  idOf(tensor: Tensor): number {
    if (!TracedTensor.isOne(tensor) || !this.isInside(tensor.trace)) {
      const got = TracedTensor.isOne(tensor)
        ? "one from elsewhere. Do not keep tensors between calls"
        : `${printValue(tensor)}. An operand is a tensor or a number`;
      throw new LossesError("INVALID_DEFINITION", `trace: tensors must come from the loss being traced, got ${got}.`);
    }
    return tensor.trace === this ? tensor.id : this.#capture(tensor);
  }

  #capture(tensor: TracedTensor): number {
    const known = this.captured.find(({ from }) => from.trace === tensor.trace && from.id === tensor.id);
    if (known !== undefined) return known.input;
    const node = tensor.trace.builder.node(tensor.id);
    if (node.op === "constant" || node.op === "dimSize" || node.op === "iota") return this.builder.again(node, []);
    const input = this.builder.input(`around${this.captured.length}`, tensor.shape, tensor.dtype);
    this.captured.push({ from: tensor, input });
    return input;
  }
}
