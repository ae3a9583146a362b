import { bindDim, operandAt, sizeOf, type DimSizes } from "@losses/core";
import { ArenaPlanner } from "./arena.js";
import { BufferPlanner } from "./buffers.js";
import { identityOf } from "./folds.js";
import { assembleGroup, type Surroundings } from "./assembleGroup.js";
import { matmulScratch } from "./matmul.js";
import type { GroupPlan, MatricesPlan, Plan, RecursionPlan, StagePlan, TensorPlan } from "./plan.js";
import type { Program } from "./program.js";
import {
  resolve,
  type Matrices,
  type MatmulValue,
  type Resolved,
  type ScanValue,
  type Value,
  type WholeValue,
} from "./resolve.js";
import { foldAt, operandsOf } from "./groups.js";
import { overwritable } from "./overwrite.js";
import { recompute, type RecomputeFrom } from "./recompute.js";
import { madeBy, rowSizeOf, schedule, type Segment, type Stage } from "./schedule.js";

/** Elements that go through a pass at once: a handful of such blocks fits the first-level cache. */
const BLOCK = 1024;
/** Elements of a tile of rows: what the groups of a segment hand to each other stays in the second-level cache. */
const TILE = 4096;

/** Makes the plan of a program for one set of sizes. `from`: how large the values are that are computed again to save memory. */
export function assemble(program: Program, sizes: DimSizes, from?: RecomputeFrom): Plan {
  const resolved = resolve(program, sizes);
  const outputs = new Set(resolved.outputs.map(({ value }) => value));
  const { values, stages } = recompute({ values: resolved.values, stages: schedule(resolved) }, outputs, from);
  return new Assembly({ ...resolved, values }, stages, sizes).assemble();
}

class Assembly implements Surroundings {
  readonly values: readonly Value[];
  readonly block: number;
  readonly buffers: BufferPlanner = new BufferPlanner();
  readonly #resolved: Resolved;
  readonly #stages: readonly Stage[];
  readonly #sizes: DimSizes;
  /** Stage in which a value is made, and the last in which it is read. */
  readonly #made = new Map<number, number>();
  readonly #lastRead = new Map<number, number>();
  readonly #buffers = new Map<number, number>();
  readonly #outputs = new Map<number, number[]>();
  readonly #constants = new Map<number, number>();
  /** Values whose buffer belongs to another one by now. */
  readonly #passedOn = new Set<number>();

  constructor(resolved: Resolved, stages: readonly Stage[], sizes: DimSizes) {
    this.values = resolved.values;
    this.#sizes = sizes;
    this.#resolved = resolved;
    this.#stages = stages;
    const spaces = stages.flatMap((stage) =>
      stage.kind === "segment" ? stage.groups.map((g) => g.rows * g.rowSize) : [],
    );
    this.block = Math.max(1, Math.min(BLOCK, Math.max(0, ...spaces)));
    stages.forEach((stage, at) => {
      for (const value of madeBy(stage)) {
        this.#made.set(value, at);
        for (const operand of operandsOf(this.at(value))) this.#lastRead.set(operand.value, at);
      }
    });
  }

  assemble(): Plan {
    const outputs = this.#resolved.outputs.map(({ value, shape, dtype }) => {
      const buffer = this.buffers.output(shape, dtype, this.at(value).size);
      this.#outputs.set(value, [...(this.#outputs.get(value) ?? []), buffer]);
      // A float64 result is exact, so that it can be read again as an intermediate value.
      if (dtype === "float64" && !this.#buffers.has(value)) this.#buffers.set(value, buffer);
      return buffer;
    });
    this.#numberConstants();
    const arena = { size: this.#constants.size * this.block };
    const stages = this.#stages.flatMap((stage, at) => {
      const plans = stage.kind === "segment" ? this.#segment(stage, at, arena) : this.#call(stage.values);
      for (const [value, last] of this.#lastRead) {
        const buffer = this.#buffers.get(value);
        if (last === at && buffer !== undefined && !this.#passedOn.has(value)) this.buffers.giveBack(buffer);
      }
      return plans;
    });
    const cells = new Float64Array(arena.size);
    for (const [value, base] of this.#constants) {
      const constant = this.at(value);
      if (constant.kind === "number") cells.fill(constant.number, base, base + this.block);
    }
    return { arena: cells, block: this.block, buffers: this.buffers.finish(), stages, outputs };
  }

  at(id: number): Value {
    const value = this.values[id];
    if (value === undefined) throw new RangeError(`assemble: value ${id} does not exist`);
    return value;
  }

  constant(value: number): number | undefined {
    return this.#constants.get(value);
  }

  /** The buffer that holds all of a value; undefined where nothing outside its segment reads it. */
  bufferOf(id: number): number | undefined {
    const known = this.#buffers.get(id);
    if (known !== undefined) return known;
    const value = this.at(id);
    const buffer = this.#newBuffer(id, value);
    if (buffer !== undefined) this.#buffers.set(id, buffer);
    return buffer;
  }

  /** The buffer of a value that has one. */
  wholeOf(id: number): number {
    const buffer = this.bufferOf(id);
    if (buffer === undefined) throw new RangeError(`assemble: value ${id} has no buffer`);
    return buffer;
  }

  #newBuffer(id: number, value: Value): number | undefined {
    switch (value.kind) {
      case "input":
        return this.buffers.input(value.name);
      case "number":
        return this.buffers.filled(Float64Array.of(value.number));
      case "iota":
        return this.buffers.filled(Float64Array.from({ length: value.size }, (_, i) => i));
      case "matmul":
      case "whole":
      case "scan":
        return this.buffers.take(value.size);
      case "map":
      case "fold":
        return this.#isKept(id, value) ? this.buffers.take(value.size) : undefined;
    }
  }

  #isKept(id: number, value: Value): boolean {
    const made = this.#made.get(id);
    if (made === undefined) throw new RangeError(`assemble: value ${id} is made in no stage`);
    const stage = this.#stages[made];
    const whole = stage?.kind === "segment" && rowSizeOf(value, stage.rows) === undefined;
    return whole || (this.#lastRead.get(id) ?? -1) > made;
  }

  /** Gives a map the buffer of one of these values, if this stage is the last to read it. */
  #takeOver(id: number, at: number, from: readonly number[]): void {
    const value = this.at(id);
    if (this.#buffers.has(id) || value.kind !== "map" || !this.#isKept(id, value)) return;
    const isFree = (other: number): boolean => {
      const buffer = this.#buffers.get(other);
      const isOwn = buffer !== undefined && this.buffers.isSized(buffer);
      return isOwn && this.#lastRead.get(other) === at && !this.#passedOn.has(other);
    };
    const other = from.find(isFree);
    const buffer = other === undefined ? undefined : this.#buffers.get(other);
    if (other === undefined || buffer === undefined) return;
    this.#passedOn.add(other);
    this.#buffers.set(id, buffer);
  }

  outputsOf(value: number): readonly number[] {
    return this.#outputs.get(value) ?? [];
  }

  #numberConstants(): void {
    for (const id of this.#lastRead.keys()) {
      if (this.at(id).kind === "number") this.#constants.set(id, this.#constants.size * this.block);
    }
  }

  #segment(segment: Segment, at: number, arena: { size: number }): readonly StagePlan[] {
    const planner = new ArenaPlanner(this.#constants.size * this.block);
    const rowSize = Math.max(1, ...segment.groups.map((group) => group.rowSize));
    const tileRows = Math.max(1, Math.min(segment.rows, Math.floor(TILE / rowSize)));
    const made = new Set(segment.groups.flatMap((group) => [...group.maps, ...group.folds]));
    const whole = [...made].filter((id) => rowSizeOf(this.at(id), segment.rows) === undefined);
    const readBefore = overwritable(this.values, segment);
    // Taken before anything of this stage is given back, so that no two of them are the same array.
    for (const id of made) {
      this.#takeOver(id, at, readBefore(id));
      this.bufferOf(id);
    }
    const tiles = new Map<number, { readonly base: number; readonly rowSize: number }>();
    const groups = segment.groups.map((group): GroupPlan =>
      assembleGroup(this, segment, group, tileRows, planner, tiles),
    );
    arena.size = Math.max(arena.size, planner.size);
    const resets = whole.map((id) => {
      const { fold, dtype, size } = foldAt(this.values, id);
      return { buffer: this.wholeOf(id), size, identity: identityOf(fold, dtype) };
    });
    const copies = whole.flatMap((id) => this.#copies(id));
    return [{ do: "segment", rows: segment.rows, tileRows, resets, groups }, ...copies];
  }

  #copies(value: number): readonly StagePlan[] {
    const from = this.wholeOf(value);
    const { size } = this.at(value);
    return this.outputsOf(value)
      .filter((to) => to !== from)
      .map((to): StagePlan => ({ do: "copy", from, to, size }));
  }

  #call(values: readonly number[]): readonly StagePlan[] {
    const id = operandAt(values, 0);
    const value = this.at(id);
    const copies = values.flatMap((made) => {
      // All of them are there before any is copied.
      this.bufferOf(made);
      return this.#copies(made);
    });
    switch (value.kind) {
      case "matmul":
        return [this.#matmul(value, this.wholeOf(id)), ...copies];
      case "whole": {
        const { node } = value;
        const to = this.wholeOf(id);
        const operands = this.#tensors(value);
        return [pickPlan(value, operands, to) ?? { do: "whole", node, sizes: this.#sizes, operands, to }, ...copies];
      }
      case "scan":
        return [this.#recursion(value, values), ...copies];
      default:
        throw new RangeError(`assemble: value ${id} is not computed of whole tensors`);
    }
  }

  #matmul({ a, b, rows, inner, columns }: MatmulValue, to: number): StagePlan {
    const scratch = matmulScratch(rows, inner, columns);
    return { do: "matmul", a: this.#matrices(a), b: this.#matrices(b), to, rows, inner, columns, scratch };
  }

  #matrices({ value, strides, starts }: Matrices): MatricesPlan {
    return { buffer: this.wholeOf(value), strides, starts };
  }

  #tensors({ operands, shapes }: WholeValue | ScanValue): readonly TensorPlan[] {
    return operands.map(({ value }, i) => {
      const shape = shapes[i] ?? [];
      return { buffer: this.wholeOf(value), shape, size: sizeOf(shape) };
    });
  }

  #recursion(scan: ScanValue, values: readonly number[]): RecursionPlan {
    const { names, carries, sequences, reverse, length } = scan.recursion;
    const body = assemble(scan.recursion.body, this.#sizes);
    const buffers = new Map(
      values.flatMap((id) => {
        const value = this.at(id);
        return value.kind === "scan" ? [[value.output, this.bufferOf(id)] as const] : [];
      }),
    );
    const results = body.outputs.map((id, output) => {
      const buffer = body.buffers[id];
      return { size: buffer?.kind === "output" ? buffer.size : 0, buffer: buffers.get(output) };
    });
    const places = (): readonly Float64Array[] => results.slice(0, carries).map(({ size }) => new Float64Array(size));
    const steps = bindDim(length, this.#sizes);
    const operands = this.#tensors(scan);
    const carried = [places(), places()] as const;
    return { do: "scan", body, names, steps, reverse, operands, carries, sequences, carried, results };
  }
}

/** A gather with one index for each row of a tensor. */
function pickPlan(
  { node, size: rows }: WholeValue,
  [x, index]: readonly TensorPlan[],
  to: number,
): StagePlan | undefined {
  if (node.op !== "gather" || x === undefined || index === undefined) return undefined;
  const { axis } = node.attrs;
  const columns = x.shape[axis] ?? 1;
  // Neither broadcasts: both have as many lines as the result.
  if (axis < x.shape.length - 1 || index.size !== rows || x.size !== rows * columns) return undefined;
  return { do: "pick", from: x.buffer, index: index.buffer, to, rows, columns };
}
