import { opDefinition } from "../ops/table.js";
import type { VjpContext } from "../ops/types.js";
import { broadcastShapes, type Shape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import type { Tracer } from "./trace.js";

/**
 * Reverse-mode differentiation as graph: appends to the trace the gradient of `sum(output · seed)` with respect to each
 * tensor of `wrt`, and returns those gradients, each in the shape of its tensor.
 *
 * Nodes are visited from the output back to the inputs; each op's own rule says what flows to its operands, and a
 * gradient stated with `customGradient` replaces the rules of everything below it.
 */
export function differentiate(tracer: Tracer, output: Tensor, wrt: readonly Tensor[], seed: Tensor): readonly Tensor[] {
  const last = tracer.idOf(output);
  const targets = wrt.map((tensor) => tracer.idOf(tensor));
  const needed = reaching(tracer, targets, last);
  const gradients = new Map<number, Tensor>([[last, seed.expand(output.shape)]]);

  for (let id = last; id >= 0; id--) {
    const gradient = gradients.get(id);
    if (gradient === undefined || !needed.has(id)) continue;
    const { inputs, flows } = backward(tracer, id, gradient, needed);
    inputs.forEach((input, i) => {
      const flow = flows[i];
      if (flow === undefined || !needed.has(input)) return;
      const own = unbroadcast(flow, tracer.tensor(input).shape);
      const before = gradients.get(input);
      gradients.set(input, before === undefined ? own : before.add(own));
    });
  }
  return wrt.map((tensor, i) => {
    const gradient = gradients.get(targets[i] ?? -1);
    return (gradient ?? tracer.constant(0, tensor.dtype)).expand(tensor.shape);
  });
}

/** Ids up to `last` whose value depends on one of `targets` along edges that carry gradient. */
function reaching(tracer: Tracer, targets: readonly number[], last: number): ReadonlySet<number> {
  const reached = new Set<number>(targets);
  for (let id = 0; id <= last; id++) {
    const inputs = tracer.rules.get(id)?.inputs ?? tracer.builder.node(id).inputs;
    if (inputs.some((input) => reached.has(input))) reached.add(id);
  }
  return reached;
}

interface Flows {
  readonly inputs: readonly number[];
  readonly flows: readonly (Tensor | undefined)[];
}

function backward(tracer: Tracer, id: number, gradient: Tensor, needed: ReadonlySet<number>): Flows {
  const rule = tracer.rules.get(id);
  if (rule !== undefined) return { inputs: rule.inputs, flows: rule.backward(gradient, tracer.tensor(id)) };
  const { op, inputs, attrs } = tracer.builder.node(id);
  if (!inputs.some((input) => needed.has(input))) return { inputs, flows: [] };
  const { vjp } = opDefinition(op);
  if (vjp === "none") return { inputs, flows: [] };
  const context: VjpContext<unknown> = {
    inputs: inputs.map((input) => tracer.tensor(input)),
    output: tracer.tensor(id),
    gradient,
    attrs,
  };
  return { inputs, flows: (vjp as (context: VjpContext<unknown>) => readonly (Tensor | undefined)[])(context) };
}

/** Undoes broadcasting: sums a gradient over the axes that its operand was stretched along. */
export function unbroadcast(gradient: Tensor, shape: Shape): Tensor {
  const full = gradient.expand(broadcastShapes([gradient.shape, shape], "differentiate"));
  const extra = full.rank - shape.length;
  const leading = Array.from({ length: extra }, (_, i) => i);
  const stretched = shape.flatMap((dim, i) => (dim === 1 && full.shape[i + extra] !== 1 ? [i + extra] : []));
  const summed = full.sum([...leading, ...stretched], true);
  return extra === 0 ? summed : summed.squeeze(leading);
}
