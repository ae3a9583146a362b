import { bindDim, bindShape, interpretNode, scanSteps, sizeOf, type DimSizes, type DType } from "@losses/core";
import { takeMemory, type Heap } from "./heap.js";
import { plainMachine, type BoundStep, type Host, type Machine, type Session } from "./plainMachine.js";
import type { HostStep, Port } from "../program.js";

/** What JavaScript does for programs: ops that are computed of whole tensors, and recursions. */
export const hostSteps: Host = {
  bindStep: (step, heap, team) => {
    if (step.kind === "op") return (sizes) => bindOp(step, heap, sizes);
    const machine = plainMachine(step.body, heap, hostSteps, team);
    return (sizes) => bindRecursion(step, heap, machine, sizes);
  },
};

function bindOp({ node, operands, result }: Extract<HostStep, { kind: "op" }>, heap: Heap, sizes: DimSizes): BoundStep {
  const read = operands.map((place) => ({ place, shape: bindShape(place.shape, sizes) }));
  const length = sizeOf(bindShape(result.shape, sizes));
  return (address) => {
    if (length === 0) return;
    const inputs = read.map(({ place, shape }) => ({
      shape,
      data: elementsAt(heap, address(place), sizeOf(shape), place.dtype),
    }));
    const { data } = interpretNode(node, inputs, {}, sizes);
    const target = elementsAt(heap, address(result), length, result.dtype);
    if (result.dtype === "bool") for (let i = 0; i < length; i++) target[i] = data[i] === 0 ? 0 : -1;
    else target.set(data);
  };
}

/** The elements of a tensor in the memory; bools are all their bits. */
function elementsAt({ memory }: Heap, at: number, length: number, dtype: DType): Float32Array | Int32Array {
  return dtype === "float32" ? new Float32Array(memory.buffer, at, length) : new Int32Array(memory.buffer, at, length);
}

/** Steps work on the parts of sequences, and of what is collected, where they are. */
function bindRecursion(
  { recursion, body, operands, results }: Extract<HostStep, { kind: "recursion" }>,
  heap: Heap,
  machine: Machine,
  sizes: DimSizes,
): BoundStep {
  const { carries, sequences } = recursion;
  const steps = bindDim(recursion.length, sizes);
  const bytesOf = ({ shape }: Port): number => 4 * sizeOf(bindShape(shape, sizes));
  const [fed, left] = [body.inputs.map(bytesOf), body.outputs.map(bytesOf)];
  const carried = fed.slice(0, carries);
  const total = carried.reduce((sum, bytes) => sum + bytes, 0);
  const nameOf = (ports: readonly Port[], i: number): string => ports[i]?.address ?? "";
  return (address) => {
    const places = operands.map(address);
    const targets = new Map(results.map(({ output, place }) => [output, address(place)]));
    // What a step leaves is not where it finds what the one before left.
    const scratch = takeMemory(heap, Math.max(4, 2 * total), "intermediate results");
    let session: Session | undefined;
    try {
      const running = machine.start(sizes);
      session = running;
      const addresses = new Map(places.map((at, i) => [nameOf(body.inputs, i), at]));
      let turn = 0;
      const last = scanSteps(recursion, steps, places.slice(0, carries), (step, found) => {
        found.forEach((at, i) => addresses.set(nameOf(body.inputs, i), at));
        for (let i = carries; i < carries + sequences; i++) {
          addresses.set(nameOf(body.inputs, i), (places[i] ?? 0) + step * (fed[i] ?? 0));
        }
        let next = scratch + turn * total;
        turn = 1 - turn;
        const made = carried.map((bytes) => (next += bytes) - bytes);
        body.outputs.forEach(({ address: name }, i) => {
          addresses.set(name, i < carries ? (made[i] ?? 0) : (targets.get(i) ?? 0) + step * (left[i] ?? 0));
        });
        running.run(addresses);
        return made;
      });
      const bytes = new Uint8Array(heap.memory.buffer);
      last.forEach((at, i) => {
        const to = targets.get(i);
        if (to !== undefined) bytes.copyWithin(to, at, at + (carried[i] ?? 0));
      });
    } finally {
      session?.end();
      heap.free(scratch);
    }
  };
}
