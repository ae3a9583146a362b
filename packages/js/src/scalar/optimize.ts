import { operandAt, movedTo } from "@losses/core";
import { ProgramBuilder, readsOf, type Instruction, type Program } from "./program.js";

/**
 * The same program with fewer passes over large spaces:
 * - `Σ a·b` becomes one fold, without the products being written anywhere;
 * - a doubling or a sign moves from a scaled tensor to the (smaller) scale.
 *
 * Both leave every rounding as it was.
 */
export function optimize(program: Program): Program {
  const uses = countUses(program);
  const b = new ProgramBuilder();
  const moved: number[] = [];
  program.instructions.forEach((instruction) => {
    const place = (id: number): number => movedTo(moved, id);
    const single = (id: number): boolean => uses[id] === 1;
    moved.push(rewrite(b, program, instruction, place, single));
  });
  return dropUnused(b.finish(program.outputs, moved));
}

function countUses({ instructions, outputs }: Program): readonly number[] {
  const uses = instructions.map(() => 0);
  const count = (id: number): void => {
    uses[id] = (uses[id] ?? 0) + 1;
  };
  instructions.forEach((instruction) => new Set(readsOf(instruction)).forEach(count));
  outputs.forEach(count);
  return uses;
}

function rewrite(
  b: ProgramBuilder,
  program: Program,
  instruction: Instruction,
  place: (id: number) => number,
  single: (id: number) => boolean,
): number {
  const [first = -1, second = -1] = readsOf(instruction);
  const source = program.instructions[first];
  const product = source?.kind === "map" && source.kernel === "mul" && single(first) ? source : undefined;
  if (product !== undefined) {
    const factors = product.operands.map(place);
    if (instruction.kind === "fold" && instruction.fold === "sum") {
      return b.add({ ...instruction, fold: "dot", operands: factors });
    }
    const doubled = instruction.kind === "map" && instruction.kernel === "add" && first === second;
    if (doubled || (instruction.kind === "map" && instruction.kernel === "neg")) {
      const [scale, scaled] = splitScale(b, factors);
      if (scale !== undefined && scaled !== undefined) {
        const type = b.at(scale);
        const changed = doubled ? b.map("add", [scale, scale], type) : b.map("neg", [scale], type);
        return b.map("mul", [changed, scaled], instruction);
      }
    }
  }
  return b.add(redirect(instruction, place));
}

/** The factor that is smaller for sure, as it lacks axes that the other one has; then the other. */
function splitScale(b: ProgramBuilder, factors: readonly number[]): readonly (number | undefined)[] {
  const [x, y] = [operandAt(factors, 0), operandAt(factors, 1)];
  const axes = (id: number): number => b.at(id).shape.filter((dim) => dim !== 1).length;
  if (axes(x) === axes(y)) return [];
  return axes(x) < axes(y) ? [x, y] : [y, x];
}

function redirect(instruction: Instruction, place: (id: number) => number): Instruction {
  switch (instruction.kind) {
    case "view":
    case "reshape":
      return { ...instruction, of: place(instruction.of) };
    case "map":
    case "fold":
    case "whole":
    case "scan":
      return { ...instruction, operands: instruction.operands.map(place) };
    case "matmul":
      return { ...instruction, operands: [place(instruction.operands[0]), place(instruction.operands[1])] };
    default:
      return instruction;
  }
}

function dropUnused({ instructions, outputs }: Program): Program {
  const needed = new Set(outputs);
  for (let id = instructions.length - 1; id >= 0; id--) {
    const instruction = instructions[id];
    if (instruction !== undefined && needed.has(id)) readsOf(instruction).forEach((read) => needed.add(read));
  }
  const b = new ProgramBuilder();
  const moved: number[] = [];
  instructions.forEach((instruction, id) => {
    moved.push(needed.has(id) ? b.add(redirect(instruction, (read) => movedTo(moved, read))) : -1);
  });
  return b.finish(outputs, moved);
}
