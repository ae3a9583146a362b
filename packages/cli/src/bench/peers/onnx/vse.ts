import { vseMargin } from "../../problems.js";
import { addToDiagonal, count, diagonalMask, sumAlong, type HandGraph, type HandModel } from "./handGraph.js";

/** VSE++: the hardest caption of each image and the hardest image of each caption; the gradient by the scores is a dense matrix. */
export const vse: HandModel = (g, { rows, columns }, part, place) => {
  const image = g.input("image", "float32", [rows, columns]);
  const text = g.input("text", "float32", [rows, columns]);
  const scores = g.op("MatMul", [image, g.op("Transpose", [text], { perm: [1, 0] })]);
  const mask = diagonalMask(g, rows);
  const others = g.op("Where", [mask, g.scalar(0), g.scalar(1)]);
  const own =
    place === "gpu"
      ? sumAlong(g, g.op("Where", [mask, scores, g.scalar(0)]), 1)
      : g.op("GatherElements", [scores, g.constant("int64", [rows, 1], count(rows))], { axis: 1 });
  const ownTurned = g.op("Transpose", [own], { perm: [1, 0] });
  const sides = [own, ownTurned].map((match, axis): Side => {
    const violation = g.op("Relu", [g.op("Add", [g.op("Sub", [scores, match]), g.scalar(vseMargin)])]);
    const cost = g.op("Mul", [violation, others]);
    const along = 1 - axis;
    return { along, cost, hardest: g.op("ReduceMax", [cost], { axes: [along], keepdims: 1 }) };
  });
  const totals = sides.map(({ hardest }) => g.op("ReduceSum", [hardest], { keepdims: 0 }));
  g.output("value", g.op("Add", totals), []);
  if (part === "forward") return;
  const back = place === "gpu" ? byComparison(g, sides, mask) : byScatter(g, sides, rows);
  g.output("grad:image", g.op("MatMul", [back, text]), [rows, columns]);
  g.output("grad:text", g.op("MatMul", [g.op("Transpose", [back], { perm: [1, 0] }), image]), [rows, columns]);
};

interface Side {
  /** The axis along which the hardest is sought. */
  readonly along: number;
  readonly cost: string;
  readonly hardest: string;
}

/** 1 at the hardest of each row and of each column, where it costs; minus their number on the diagonal. */
function byScatter(g: HandGraph, sides: readonly Side[], rows: number): string {
  const shape = g.constant("int64", [2], [rows, rows]);
  let back = g.op("Expand", [g.scalar(0), shape]);
  for (const { along, cost, hardest } of sides) {
    const where = g.op("ArgMax", [cost], { axis: along, keepdims: 1 });
    const active = g.op("Sign", [hardest]);
    back = g.op("ScatterElements", [back, where, active], { axis: along, reduction: "add" });
    const column = along === 1 ? active : g.op("Transpose", [active], { perm: [1, 0] });
    back = addToDiagonal(g, back, g.op("Neg", [column]), rows);
  }
  return back;
}

function byComparison(g: HandGraph, sides: readonly Side[], mask: string): string {
  const terms = sides.map(({ cost, hardest }) => {
    const active = g.op("And", [g.op("Equal", [cost, hardest]), g.op("Greater", [cost, g.scalar(0)])]);
    const at = g.op("Where", [active, g.scalar(1), g.scalar(0)]);
    const own = g.op("Where", [g.op("Greater", [hardest, g.scalar(0)]), g.scalar(1), g.scalar(0)]);
    return g.op("Sub", [at, g.op("Where", [mask, own, g.scalar(0)])]);
  });
  return g.op("Add", terms);
}
