import { bindDim, bindShape, sizeOf, type DimSizes, type MaybePromise, type Shape } from "@losses/core";
import { bySizes } from "../machine/bySizes.js";
import { checkBytes, takeMemory, type Heap } from "../machine/heap.js";
import { atOnce, chain, ending, inTurn } from "../machine/later.js";
import type { Machine, Session } from "../machine/plainMachine.js";
import type { Program, Strips } from "../program.js";
import { tensorName } from "../loops/runTable.js";
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

export interface StripMachine {
  /** Runs where something is gained by it; false if not. */
  readonly run: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => boolean;
  /** The same for a caller who takes a promise; `undefined` if nothing is gained. */
  readonly runLater: (sizes: DimSizes, addresses: ReadonlyMap<string, number>) => MaybePromise<void> | undefined;
}

/** Runs a session on tensors at these addresses, now or later. */
type RunSession = (session: Session, addresses: ReadonlyMap<string, number>) => MaybePromise<void>;

interface CompiledBody {
  readonly body: Body;
  readonly program: Program;
  readonly machine: Machine;
}

/** Runs a program in strips where its matrices are large. Only then plans are made. */
export function createStripMachine(
  strips: Strips,
  heap: Heap,
  makeMachine: (program: Program) => Machine,
  limits: Limits = defaultLimits,
): StripMachine {
  const known = new Map<Body, CompiledBody>();
  const compiled = (body: Body): CompiledBody => {
    const found = known.get(body);
    if (found !== undefined) return found;
    const program = strips.compile(body.graph);
    const made = { body, program, machine: makeMachine(program) };
    known.set(body, made);
    return made;
  };
  let plans: readonly StripPlan[] | undefined;
  const planFor = bySizes((sizes) => {
    if (largest(strips, sizes) <= limits.above) return undefined;
    plans ??= strips.plans();
    return best(plans, sizes, limits);
  });
  const runStrips = (
    plan: StripPlan,
    sizes: DimSizes,
    addresses: ReadonlyMap<string, number>,
    runSession: RunSession,
  ): MaybePromise<void> => {
    const memory = takeKept(plan, heap, sizes, addresses);
    const rows = rowsOf(plan, sizes, limits);
    return ending(() => runPlan(plan, memory, compiled, heap, sizes, rows, runSession), memory.end);
  };
  return {
    run: (sizes, addresses) => {
      const plan = planFor(sizes);
      if (plan !== undefined) atOnce(runStrips(plan, sizes, addresses, (session, bound) => session.run(bound)));
      return plan !== undefined;
    },
    runLater: (sizes, addresses) => {
      const plan = planFor(sizes);
      return plan && runStrips(plan, sizes, addresses, (session, bound) => session.runLater(bound));
    },
  };
}

/** The plan that cuts the longest axis of a matrix that is too large: what is gathered is as long as the other one. */
function best(plans: readonly StripPlan[], sizes: DimSizes, { above }: Limits): StripPlan | undefined {
  const length = ({ dim }: StripPlan): number => bindDim(dim, sizes);
  const large = plans.filter((plan) => largest(plan, sizes) > above);
  return large.sort((a, b) => length(b) - length(a))[0];
}

/** Bytes of the largest matrix. */
function largest({ matrices }: Pick<StripPlan, "matrices">, sizes: DimSizes): number {
  return Math.max(0, ...matrices.map((shape) => bytesOf(shape, sizes)));
}

function rowsOf(plan: StripPlan, sizes: DimSizes, { strip, rows }: Limits): number {
  const total = bindDim(plan.dim, sizes);
  const each = largest(plan, sizes) / total;
  return Math.min(total, rows * Math.max(1, Math.floor(strip / each / rows)));
}

function bytesOf(shape: Shape, sizes: DimSizes): number {
  return 4 * sizeOf(bindShape(shape, sizes));
}

/** What is in memory between the parts of a plan. */
interface Kept {
  /** Where a node's tensor is. `isNext`: where it is written next. */
  readonly addressOf: (node: number, isNext: boolean) => number;
  /** What was written last of tensors with two places in turn is what is read from now on. */
  readonly turn: (nodes: ReadonlySet<number>) => void;
  readonly end: () => void;
}

function takeKept({ kept, passes }: StripPlan, heap: Heap, sizes: DimSizes, given: ReadonlyMap<string, number>): Kept {
  const alternating = new Set(passes.flatMap((body) => [...body.alternating]));
  const offsets = new Map<number, readonly number[]>();
  let size = 0;
  const take = ({ shape }: KeptTensor): number => {
    const offset = size;
    size += Math.ceil(bytesOf(shape, sizes) / 16) * 16;
    return offset;
  };
  for (const tensor of kept) {
    if (given.has(tensorName(tensor.node))) continue;
    offsets.set(tensor.node, alternating.has(tensor.node) ? [take(tensor), take(tensor)] : [take(tensor)]);
  }
  checkBytes(heap, size, "intermediate results");
  const arena = takeMemory(heap, Math.max(4, size), "intermediate results");
  const turns = new Map<number, number>();
  return {
    addressOf: (node, isNext) => {
      const own = given.get(tensorName(node));
      if (own !== undefined) return own;
      const places = offsets.get(node) ?? [];
      const offset = places[((turns.get(node) ?? 0) + (isNext ? 1 : 0)) % places.length];
      if (offset === undefined) throw new RangeError(`%${node} is not in memory`);
      return arena + offset;
    },
    turn: (nodes) => {
      for (const node of nodes) turns.set(node, (turns.get(node) ?? 0) + 1);
    },
    end: () => heap.free(arena),
  };
}

function runPlan(
  plan: StripPlan,
  memory: Kept,
  compiled: (body: Body) => CompiledBody,
  heap: Heap,
  sizes: DimSizes,
  rows: number,
  runSession: RunSession,
): MaybePromise<void> {
  const total = bindDim(plan.dim, sizes);
  const rowBytes = new Map(
    [...plan.inputs, ...plan.kept].map(({ node, shape }) => [node, bytesOf(shape, sizes) / total]),
  );
  /** One body for the strips from `start` to `end`, `count` rows each. */
  const run = (body: Body, start: number, end: number, count: number): MaybePromise<void> => {
    const { program, machine } = compiled(body);
    const session = machine.start({ ...sizes, [plan.symbol]: count });
    const strip = (i: number): MaybePromise<void> => {
      const addresses = addressesOf(body, program, memory, (node) => (start + i * count) * (rowBytes.get(node) ?? 0));
      return chain(runSession(session, addresses), () => memory.turn(body.alternating));
    };
    return ending(() => inTurn(Math.ceil((end - start) / count), strip), session.end);
  };
  const tryOut = (body: Body, count: number): void => {
    compiled(body)
      .machine.start({ ...sizes, [plan.symbol]: count })
      .end();
  };
  // What does not fit into the memory is found before anything is written.
  for (const body of plan.before) if (body !== undefined) tryOut(body, 1);
  for (const body of plan.passes) tryOut(body, rows);
  const whole = total - (total % rows);
  return inTurn(plan.before.length, (stage) => {
    const [body, pass] = [plan.before[stage], plan.passes[stage]];
    const before = body === undefined ? undefined : run(body, 0, 1, 1);
    return chain(before, () => {
      if (pass === undefined) return undefined;
      begin(plan, pass, heap, memory, sizes);
      return chain(run(pass, 0, whole, rows), () =>
        whole < total ? run(pass, whole, total, total - whole) : undefined,
      );
    });
  });
}

/** Where the tensors of a body are for one strip. */
function addressesOf(
  body: Body,
  program: Program,
  memory: Kept,
  stripOffset: (node: number) => number,
): ReadonlyMap<string, number> {
  const addresses = new Map<string, number>();
  const bind = (ports: readonly Port[], own: Program["inputs"], isNext: boolean): void => {
    const byName = new Map(ports.map((port) => [port.name, port]));
    for (const { name, address } of own) {
      const port = byName.get(name);
      if (port === undefined) throw new RangeError(`there is no tensor ${name}`);
      const at = memory.addressOf(port.node, isNext && port.extent === "sum");
      addresses.set(address, port.extent === "strip" ? at + stripOffset(port.node) : at);
    }
  };
  bind(body.inputs, program.inputs, false);
  bind(body.outputs, program.outputs, true);
  return addresses;
}

/** Sets what a pass gathers to what changes nothing. */
function begin({ kept }: StripPlan, { outputs }: Body, heap: Heap, memory: Kept, sizes: DimSizes): void {
  const gathered = new Set(outputs.filter(({ extent }) => extent === "sum").map(({ node }) => node));
  for (const { node, shape, start, isInteger } of kept) {
    if (start === undefined || !gathered.has(node)) continue;
    const { buffer } = heap.memory;
    const [at, length] = [memory.addressOf(node, false), bytesOf(shape, sizes) / 4];
    const own = isInteger ? new Int32Array(buffer, at, length) : new Float32Array(buffer, at, length);
    own.fill(start);
  }
}
