import { bindDim, bindShape, sizeOf, type DimSizes, type Graph } from "@losses/core";
import { checkBytes, takeMemory, type Heap } from "../heap.js";
import type { Machine, Session } from "../machine.js";
import type { Program } from "../program.js";
import { tensorName } from "../runTable.js";
import type { Body, Port } from "./bodies.js";
import type { KeptTensor, StripPlan } from "./program.js";

/** When and how finely matrices are cut. */
export interface Limits {
  /** Bytes of a matrix above which it is cut. */
  readonly above: number;
  /** Bytes that its strips have about. */
  readonly strip: number;
  /** Rows of which a strip has a multiple. */
  readonly rows: number;
}

/** Products pack 64 rows together; strips of this size stay in most caches, and hide what each costs besides. */
const defaultLimits: Limits = { above: 32e6, strip: 8e6, rows: 64 };

/** Runs a graph in strips where its matrices are large. */
export interface StripMachine {
  /** False if nothing is gained. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => boolean;
}

export interface Compiler {
  readonly compile: (graph: Graph) => Program;
  readonly makeMachine: (program: Program) => Machine;
}

interface Part {
  readonly body: Body;
  readonly program: Program;
  readonly machine: Machine;
}

export function createStripMachine(
  plans: readonly StripPlan[],
  heap: Heap,
  compiler: Compiler,
  limits: Limits = defaultLimits,
): StripMachine {
  const parts = new Map<Body, Part>();
  const partOf = (body: Body): Part => {
    const known = parts.get(body);
    if (known !== undefined) return known;
    const program = compiler.compile(body.graph);
    const part = { body, program, machine: compiler.makeMachine(program) };
    parts.set(body, part);
    return part;
  };
  return {
    run: (sizes, addresses) => {
      const plan = best(plans, sizes, limits);
      if (plan === undefined) return false;
      runPlan(plan, rowsOf(plan, sizes, limits), partOf, heap, sizes, addresses);
      return true;
    },
  };
}

/** The plan that cuts the longest axis of a matrix that is too large: what is gathered is as long as the other one. */
function best(plans: readonly StripPlan[], sizes: DimSizes, { above }: Limits): StripPlan | undefined {
  const length = ({ dim }: StripPlan): number => bindDim(dim, sizes);
  const large = plans.filter((plan) => widest(plan, sizes) * 4 > above);
  return large.sort((a, b) => length(b) - length(a))[0];
}

function widest({ matrices }: StripPlan, sizes: DimSizes): number {
  return Math.max(0, ...matrices.map((shape) => sizeOf(bindShape(shape, sizes))));
}

/** How many rows a strip has. */
function rowsOf(plan: StripPlan, sizes: DimSizes, { strip, rows }: Limits): number {
  const total = bindDim(plan.dim, sizes);
  const each = (4 * widest(plan, sizes)) / total;
  return Math.min(total, rows * Math.max(1, Math.floor(strip / each / rows)));
}

function runPlan(
  plan: StripPlan,
  rows: number,
  partOf: (body: Body) => Part,
  heap: Heap,
  sizes: DimSizes,
  given: ReadonlyMap<string, number>,
): void {
  const total = bindDim(plan.dim, sizes);
  const bytes = ({ shape }: KeptTensor): number => 4 * sizeOf(bindShape(shape, sizes));
  const alternating = new Set(plan.passes.flatMap((body) => [...body.alternating]));
  const places = new Map<number, number[]>();
  let size = 0;
  const take = (kept: KeptTensor): number => (size += Math.ceil(bytes(kept) / 16) * 16) - Math.ceil(bytes(kept) / 16) * 16;
  for (const kept of plan.kept) {
    const isGiven = given.has(tensorName(kept.node));
    places.set(kept.node, [isGiven ? 0 : take(kept), ...(alternating.has(kept.node) ? [take(kept)] : [])]);
  }
  checkBytes(heap, size, "intermediate results");
  const arena = takeMemory(heap, Math.max(4, size), "intermediate results");
  /** Where a tensor is, or where the next of it goes. */
  const addressOf = (node: number, turn = 0): number => {
    const own = given.get(tensorName(node));
    if (own !== undefined) return own;
    const offsets = places.get(node) ?? [];
    const offset = offsets[turn % Math.max(1, offsets.length)];
    if (offset === undefined) throw new RangeError(`%${node} is not in memory`);
    return arena + offset;
  };
  /** How often what is gathered in turns was written. */
  const turns = new Map<number, number>();
  const run = ({ body, program }: Part, session: Session, start: number): void => {
    const find = ({ node, extent }: Port, isOutput: boolean): number => {
      const turn = turns.get(node) ?? 0;
      const at = addressOf(node, isOutput && extent === "sum" ? turn + 1 : turn);
      if (extent !== "strip") return at;
      return at + 4 * start * (sizeOf(bindShape(shapes.get(node) ?? [], sizes)) / total);
    };
    const addresses = new Map<string, number>();
    program.inputs.forEach(({ name, address }) => {
      const port = body.inputs.find((own) => own.name === name);
      if (port !== undefined) addresses.set(address, find(port, false));
    });
    program.outputs.forEach(({ address }, i) => {
      const port = body.outputs[i];
      if (port !== undefined) addresses.set(address, find(port, true));
    });
    session.run(addresses);
    for (const node of body.alternating) turns.set(node, (turns.get(node) ?? 0) + 1);
  };
  const shapes = new Map(plan.shapes);
  try {
    plan.before.forEach((body, stage) => {
      if (body !== undefined) {
        const part = partOf(body);
        const session = part.machine.start(sizes);
        try {
          run(part, session, 0);
        } finally {
          session.end();
        }
      }
      const pass = plan.passes[stage];
      if (pass === undefined) return;
      begin(plan, pass, heap, addressOf, sizes);
      const part = partOf(pass);
      for (let start = 0; start < total; ) {
        const count = Math.min(rows, total - start);
        // All strips but the last are of one size.
        const last = count < rows ? start + count : total - (total % rows);
        const session = part.machine.start({ ...sizes, [plan.symbol]: count });
        try {
          for (; start < last; start += count) run(part, session, start);
        } finally {
          session.end();
        }
      }
    });
  } finally {
    heap.free(arena);
  }
}

/** Sets what a pass gathers to what changes nothing. */
function begin(
  { kept }: StripPlan,
  { outputs }: Body,
  heap: Heap,
  addressOf: (node: number) => number,
  sizes: DimSizes,
): void {
  for (const { node, extent } of outputs) {
    const tensor = kept.find((own) => own.node === node);
    if (extent !== "sum" || tensor?.start === undefined) continue;
    const length = sizeOf(bindShape(tensor.shape, sizes));
    const { buffer } = heap.memory;
    const at = addressOf(node);
    const own = tensor.isInteger ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
    own.fill(tensor.start);
  }
}
