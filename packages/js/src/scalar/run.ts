import { interpretNode, scanSteps, type HostTensor } from "@losses/core";
import { fold } from "./folds.js";
import { matmul } from "./matmul.js";
import { allocate, load, store, type Cells } from "./moves.js";
import type { BufferPlan, GroupPlan, Plan, RecursionPlan, Slot, StagePlan, TensorPlan } from "./plan.js";

/**
 * Runs a plan over input cells by name; the results, in the order of the plan's outputs, are in the cells given for them and in
 * new arrays otherwise.
 */
export function runPlan(
  plan: Plan,
  inputs: (name: string) => Cells,
  out: readonly (Cells | undefined)[] = [],
): readonly HostTensor[] {
  const given = new Map(plan.outputs.map((id, i) => [id, out[i]]));
  const buffers = plan.buffers.map((buffer, id) => cellsOf(buffer, inputs, given.get(id)));
  for (const stage of plan.stages) runStage(plan, stage, buffers);
  return plan.outputs.map((id) => {
    const buffer = plan.buffers[id];
    if (buffer?.kind !== "output") throw new RangeError(`run: buffer ${id} is not an output`);
    return { data: at(buffers, id), shape: buffer.shape, dtype: buffer.dtype };
  });
}

function cellsOf(buffer: BufferPlan, inputs: (name: string) => Cells, out: Cells | undefined): Cells {
  switch (buffer.kind) {
    case "input":
      return inputs(buffer.name);
    case "output":
      return out ?? allocate(buffer.dtype, buffer.size);
    case "own":
      return buffer.cells;
  }
}

function at(buffers: readonly Cells[], id: number): Cells {
  const cells = buffers[id];
  if (cells === undefined) throw new RangeError(`run: buffer ${id} does not exist`);
  return cells;
}

/** A buffer of intermediate values, which are float64 always. */
function exactAt(buffers: readonly Cells[], id: number): Float64Array {
  const cells = at(buffers, id);
  if (!(cells instanceof Float64Array)) throw new RangeError(`run: buffer ${id} must be float64`);
  return cells;
}

function runStage(plan: Plan, stage: StagePlan, buffers: readonly Cells[]): void {
  switch (stage.do) {
    case "copy":
      store(exactAt(buffers, stage.from), 0, at(buffers, stage.to), 0, stage.size);
      return;
    case "matmul": {
      const { a, b, rows, inner, columns, scratch } = stage;
      const to = exactAt(buffers, stage.to);
      a.starts.forEach((start, i) => {
        const left = { cells: at(buffers, a.buffer).subarray(start), strides: a.strides };
        const right = { cells: at(buffers, b.buffer).subarray(b.starts[i]), strides: b.strides };
        matmul(left, right, to.subarray(i * rows * columns), rows, inner, columns, scratch);
      });
      return;
    }
    case "whole": {
      const operands = stage.operands.map((operand) => ({ shape: operand.shape, data: tensorAt(buffers, operand) }));
      const { data } = interpretNode(stage.node, operands, {}, stage.sizes);
      const to = exactAt(buffers, stage.to);
      if (stage.node.dtype !== "int32") to.set(data);
      // Sums of 32-bit integers wrap around.
      else for (let i = 0; i < data.length; i++) to[i] = (data[i] as number) | 0;
      return;
    }
    case "pick": {
      const { rows, columns } = stage;
      const [from, index, to] = [at(buffers, stage.from), at(buffers, stage.index), exactAt(buffers, stage.to)];
      for (let row = 0; row < rows; row++) {
        const place = index[row] as number;
        to[row] = place >= 0 && place < columns ? (from[row * columns + place] as number) : 0;
      }
      return;
    }
    case "scan":
      runRecursion(stage, buffers);
      return;
    case "segment":
      for (const { buffer, size, identity } of stage.resets) exactAt(buffers, buffer).fill(identity, 0, size);
      for (let row = 0; row < stage.rows; row += stage.tileRows) {
        const rows = Math.min(stage.tileRows, stage.rows - row);
        for (const group of stage.groups) runGroup(plan, group, buffers, row, rows);
      }
  }
}

function tensorAt(buffers: readonly Cells[], { buffer, size }: TensorPlan): Cells {
  return at(buffers, buffer).subarray(0, size);
}

function runRecursion(plan: RecursionPlan, buffers: readonly Cells[]): void {
  const { body, names, carries, sequences, carried, results } = plan;
  const operands = plan.operands.map((operand) => tensorAt(buffers, operand));
  const fed = new Map(names.map((name, i) => [name, operands[i] ?? new Float64Array()]));
  const inputs = (name: string): Cells => {
    const cells = fed.get(name);
    if (cells === undefined) throw new RangeError(`run: a step has no ${name}`);
    return cells;
  };
  const parts = plan.operands.slice(carries, carries + sequences).map(({ shape, size }, i) => ({
    name: names[carries + i] ?? "",
    cells: operands[carries + i] ?? new Float64Array(),
    size: size / (shape[0] ?? 1) || 0,
  }));
  // What nothing needs is written to one place again and again.
  const collected = results
    .slice(carries)
    .map(({ size, buffer }) =>
      buffer === undefined
        ? { cells: new Float64Array(size), size, stride: 0 }
        : { cells: exactAt(buffers, buffer), size, stride: size },
    );
  let turn = 0;
  const last = scanSteps<Cells>(plan, plan.steps, operands.slice(0, carries), (step, found) => {
    found.forEach((cells, i) => fed.set(names[i] ?? "", cells));
    for (const { name, cells, size } of parts) fed.set(name, cells.subarray(step * size, (step + 1) * size));
    // What a step leaves is not where it finds what the one before left.
    const left = carried[turn] ?? [];
    turn = 1 - turn;
    const kept = collected.map(({ cells, size, stride }) => cells.subarray(step * stride, step * stride + size));
    runPlan(body, inputs, [...left, ...kept]);
    return left;
  });
  results.slice(0, carries).forEach(({ buffer }, i) => {
    const cells = last[i];
    if (buffer !== undefined && cells !== undefined) exactAt(buffers, buffer).set(cells);
  });
}

/** One group over one tile: rows `row … row+rows`, block by block. */
function runGroup(
  { arena, block }: Plan,
  group: GroupPlan,
  buffers: readonly Cells[],
  row: number,
  rows: number,
): void {
  const { rowSize, steps, tileFolds } = group;
  for (const { base, rowSize: size, identity } of tileFolds) arena.fill(identity, base, base + rows * size);
  const first = row * rowSize;
  const total = rows * rowSize;
  for (let shift = 0; shift < total; shift += block) {
    const n = Math.min(block, total - shift);
    const start = first + shift;
    for (const step of steps) {
      switch (step.do) {
        case "map":
          step.kernel(
            arena,
            place(step.out, shift),
            place(step.a, shift),
            place(step.b, shift),
            place(step.c, shift),
            n,
          );
          break;
        case "load": {
          const { from, runs } = step;
          const to = place(step.to, shift);
          if (from.in === "buffer") load(arena, to, at(buffers, from.buffer), 0, runs, start, n);
          else load(arena, to, arena, from.base - row * from.rowSize, runs, start, n);
          break;
        }
        case "fold": {
          const { to, runs } = step;
          const a = place(step.a, shift);
          const b = place(step.b, shift);
          if (to.in === "buffer") fold(step.fold, arena, a, b, exactAt(buffers, to.buffer), 0, runs, start, n);
          else fold(step.fold, arena, a, b, arena, to.base - row * to.rowSize, runs, start, n);
          break;
        }
        case "store":
          store(arena, place(step.from, shift), at(buffers, step.buffer), start, n);
          break;
      }
    }
  }
  for (const { base, rowSize: size, buffers: targets } of tileFolds) {
    for (const target of targets) store(arena, base, at(buffers, target), row * size, rows * size);
  }
}

function place({ base, moves }: Slot, shift: number): number {
  return moves ? base + shift : base;
}
