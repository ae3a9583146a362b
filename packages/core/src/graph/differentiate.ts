import { opDefinition } from "../ops/table.js";
import type { OpName, Vjp, VjpContext } from "../ops/types.js";
import { broadcastShapes, type Shape } from "../tensor/dims.js";
import type { Tensor } from "../tensor/tensor.js";
import type { NodeOf } from "./graph.js";
import { differentiateScan, scanKey } from "./scanGradient.js";
import type { Trace } from "./tracedTensor.js";

/**
 * Reverse-mode differentiation as graph: appends to the trace the gradient of `sum(output · seed)` with respect to each
 * tensor of `wrt`, and returns those gradients, each in the shape of its tensor.
 *
 * Nodes are visited from the output back to the inputs; each op's own rule says what flows to its operands, and a
 * gradient stated with `customGradient` replaces the rules of everything below it.
 */
export function differentiate(tracer: Trace, output: Tensor, wrt: readonly Tensor[], seed: Tensor): readonly Tensor[] {
  return differentiateAll(tracer, [{ output, seed }], wrt);
}

/** The same for the sum of several `sum(output · seed)`. */
export function differentiateAll(
  tracer: Trace,
  seeds: readonly { readonly output: Tensor; readonly seed: Tensor }[],
  wrt: readonly Tensor[],
): readonly Tensor[] {
  const targets = wrt.map((tensor) => tracer.idOf(tensor));
  const last = Math.max(-1, ...seeds.map(({ output }) => tracer.idOf(output)));
  const needed = reaching(tracer, targets, last);
  const gradients = new Map<number, Tensor>();
  const arrive = (id: number, flow: Tensor | undefined): void => {
    if (flow === undefined || !needed.has(id)) return;
    const own = unbroadcast(flow, tracer.tensor(id).shape);
    const before = gradients.get(id);
    gradients.set(id, before === undefined ? own : before.add(own));
  };
  for (const { output, seed } of seeds) arrive(tracer.idOf(output), seed.expand(output.shape));

  const scans = scansOf(tracer, last);
  for (let id = last; id >= 0; id--) {
    if (!needed.has(id)) continue;
    const scan = scans.get(id);
    if (scan !== undefined) {
      const flows = differentiateScan(tracer, scan, gradients, needed, differentiateAll);
      scan.inputs.forEach((input, i) => arrive(input, flows[i]));
      continue;
    }
    const gradient = gradients.get(id);
    if (gradient === undefined) continue;
    const { inputs, flows } = backward(tracer, id, gradient, needed);
    inputs.forEach((input, i) => arrive(input, flows[i]));
  }
  return wrt.map((tensor) => {
    const gradient = gradients.get(tracer.idOf(tensor));
    return (gradient ?? zeroOf(tracer, tensor)).expand(tensor.shape);
  });
}

function zeroOf(tracer: Trace, { dtype }: Tensor): Tensor {
  return tracer.tensor(tracer.builder.constant(0, dtype));
}

/** Ids up to `last` whose value depends on one of `targets` along edges that carry gradient. */
function reaching(tracer: Trace, targets: readonly number[], last: number): ReadonlySet<number> {
  const reached = new Set<number>(targets);
  for (let id = 0; id <= last; id++) {
    const inputs: readonly number[] = tracer.rules.get(id)?.inputs ?? tracer.builder.node(id).inputs;
    if (inputs.some((input) => reached.has(input))) reached.add(id);
  }
  return reached;
}

interface Flows {
  readonly inputs: readonly number[];
  readonly flows: readonly (Tensor | undefined)[];
}

function backward(tracer: Trace, id: number, gradient: Tensor, needed: ReadonlySet<number>): Flows {
  const rule = tracer.rules.get(id);
  if (rule !== undefined) return { inputs: rule.inputs, flows: rule.backward(gradient, tracer.tensor(id)) };
  const { op, attrs, ...node } = tracer.builder.node(id);
  const inputs: readonly number[] = node.inputs;
  if (!inputs.some((input) => needed.has(input))) return { inputs, flows: [] };
  const { vjp } = opDefinition(op);
  if (vjp === "none") return { inputs, flows: [] };
  const context = {
    inputs: inputs.map((input) => tracer.tensor(input)),
    output: tracer.tensor(id),
    gradient,
    attrs,
  };
  return { inputs, flows: (vjp as Vjp<OpName>)(context as unknown as VjpContext<OpName>) };
}

/** Scans by the first of their outputs, where a walk back to the inputs has seen all that uses any of them. */
function scansOf(tracer: Trace, last: number): ReadonlyMap<number, NodeOf<"scan">> {
  const first = new Map<string, NodeOf<"scan">>();
  for (let id = 0; id <= last; id++) {
    const node = tracer.builder.node(id);
    if (node.op === "scan" && !first.has(scanKey(node))) first.set(scanKey(node), node);
  }
  return new Map([...first.values()].map((node) => [node.id, node]));
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
