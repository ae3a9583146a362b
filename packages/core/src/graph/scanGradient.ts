import { UnsupportedOpError } from "../errors.js";
import { isFloat } from "../tensor/dtype.js";
import type { Tensor } from "../tensor/tensor.js";
import type { NodeOf } from "./graph.js";
import { addScan } from "./scan.js";
import { bodyNumber, bodySource } from "./scanBody.js";
import type { Trace } from "./tracedTensor.js";

/** Differentiates the sum of several `sum(output · seed)`. */
export type Differentiate = (
  trace: Trace,
  seeds: readonly { readonly output: Tensor; readonly seed: Tensor }[],
  wrt: readonly Tensor[],
) => readonly Tensor[];

/** What the outputs of one scan have in common. */
export function scanKey({ inputs, attrs }: NodeOf<"scan">): string {
  return `${inputs.join()} ${bodyNumber(attrs.body)} ${attrs.reverse}`;
}

/**
 * What flows to the operands of a scan, given what arrived at its outputs: a scan the other way round. It carries the gradient
 * of the carries, and sums that of what is the same in every step; it collects that of the sequences.
 */
export function differentiateScan(
  trace: Trace,
  scan: NodeOf<"scan">,
  arrived: ReadonlyMap<number, Tensor>,
  needed: ReadonlySet<number>,
  differentiate: Differentiate,
): readonly (Tensor | undefined)[] {
  const { body, carries, sequences, length, reverse } = scan.attrs;
  const source = bodySource(body);
  if (source === undefined) {
    throw new UnsupportedOpError("scan: only a scan that was traced here has a derivative, got one of another graph.");
  }
  const { tracer } = source;
  const outputIds = source.outputs.map((_, output) =>
    trace.builder.add("scan", scan.inputs, { ...scan.attrs, output }),
  );
  const gradients = outputIds.map((id) => arrived.get(id));
  if (gradients.every((gradient) => gradient === undefined)) return [];
  const inside = source.inputs.map((id) => tracer.tensor(id));
  const results = source.outputs.map((id) => tracer.tensor(id));
  const operands = scan.inputs.map((id) => trace.tensor(id));
  const zeros = ({ shape, dtype }: Tensor): Tensor => trace.tensor(trace.builder.constant(0, dtype)).expand(shape);
  const fresh = (what: string, { shape, dtype }: Tensor, at: number): Tensor =>
    tracer.input(`${what} ${at} of ${tracer.builder.nodes.length}`, shape, dtype);

  const at = <T>(list: readonly T[], index: number): T => {
    const item = list[index];
    if (item === undefined) throw new RangeError(`scan: nothing at ${index} of ${list.length}`);
    return item;
  };
  const isWanted = (place: number): boolean =>
    isFloat(at(inside, place).dtype) && (place < carries || needed.has(at(scan.inputs, place)));
  const places = [...inside.keys()];
  const carried = places.filter((at) => at < carries && isWanted(at));
  const parts = places.filter((at) => at >= carries && at < carries + sequences && isWanted(at));
  const shared = places.filter((at) => at >= carries + sequences && isWanted(at));
  const collected = gradients.flatMap((gradient, at) => (at >= carries && gradient !== undefined ? [at] : []));

  const carrySeeds = carried.map((i) => fresh("gradient of carry", at(inside, i), i));
  const sums = shared.map((i) => fresh("sum", at(inside, i), i));
  const partSeeds = collected.map((i) => fresh("gradient of part", at(results, i), i));
  const seeds = [
    ...carried.map((i, k) => ({ output: at(results, i), seed: at(carrySeeds, k) })),
    ...collected.map((i, k) => ({ output: at(results, i), seed: at(partSeeds, k) })),
  ];
  const wrt = [...carried, ...parts, ...shared];
  const flows = differentiate(
    tracer,
    seeds,
    wrt.map((i) => at(inside, i)),
  );
  const next = carried.map((_, k) => at(flows, k));
  const ofParts = parts.map((_, k) => at(flows, carried.length + k));
  const nextSums = shared.map((_, k) => at(sums, k).add(at(flows, carried.length + parts.length + k)));

  const found = source.outputs.length - carries;
  const steps = {
    // The parts of the sequences, and what each step found, are what they were on the way there.
    inputs: [
      ...carrySeeds,
      ...sums,
      ...inside.slice(carries, carries + sequences),
      ...inside.slice(0, carries),
      ...partSeeds,
    ],
    operands: [
      ...carried.map((i) => gradients[i] ?? zeros(at(operands, i))),
      ...shared.map((i) => zeros(at(operands, i))),
      ...operands.slice(carries, carries + sequences),
      ...outputIds.slice(found).map((id) => trace.tensor(id)),
      ...collected.map((i) => at(gradients as readonly Tensor[], i)),
    ],
    outputs: [...next, ...nextSums, ...ofParts, ...carrySeeds, ...sums],
  };
  const made = addScan(trace, {
    tracer,
    inputs: steps.inputs.map((tensor) => tracer.idOf(tensor)),
    outputs: steps.outputs.map((tensor) => tracer.idOf(tensor)),
    operands: steps.operands,
    carries: carried.length + shared.length,
    sequences: sequences + carries + collected.length,
    length,
    reverse: !reverse,
  });
  const result: (Tensor | undefined)[] = operands.map(() => undefined);
  carried.forEach((i, k) => (result[i] = made[k]));
  shared.forEach((i, k) => (result[i] = made[carried.length + k]));
  parts.forEach((i, k) => (result[i] = made[carried.length + shared.length + k]));
  return result;
}
