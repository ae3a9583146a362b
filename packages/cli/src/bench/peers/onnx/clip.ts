import {
  addToDiagonal,
  count,
  diagonalMask,
  meanOf,
  softmaxParts,
  sumAlong,
  type HandGraph,
  type HandModel,
} from "./handGraph.js";

/** Two log-softmaxes of the logits, by rows and by columns; gradient (P_rows + P_columns - 2 I) scale / 2N times the other side. */
export const clip: HandModel = (g, { rows, columns }, part, place) => {
  const image = g.input("image", "float32", [rows, columns]);
  const text = g.input("text", "float32", [rows, columns]);
  const scale = g.input("logitScale", "float32", []);
  const turned = g.op("Transpose", [text], { perm: [1, 0] });
  const logits = g.op("Mul", [g.op("MatMul", [image, turned]), scale]);
  const { value, slope } = place === "gpu" ? byParts(g, logits, rows) : byLogSoftmax(g, logits, rows);
  g.output("value", value, []);
  if (part === "forward") return;
  const back = g.op("Mul", [slope(), g.op("Mul", [scale, g.scalar(1 / (2 * rows))])]);
  g.output("grad:image", g.op("MatMul", [back, text]), [rows, columns]);
  g.output("grad:text", g.op("MatMul", [g.op("Transpose", [back], { perm: [1, 0] }), image]), [rows, columns]);
};

interface Softmaxed {
  readonly value: string;
  /** P_rows + P_columns - 2 I, written down only where it is asked for. */
  readonly slope: () => string;
}

function byLogSoftmax(g: HandGraph, logits: string, rows: number): Softmaxed {
  const logs = [1, 0].map((axis) => g.op("LogSoftmax", [logits], { axis })) as [string, string];
  const own = logs.map((log, i) =>
    meanOf(
      g,
      g.op("GatherElements", [log, g.constant("int64", i === 0 ? [rows, 1] : [1, rows], count(rows))], {
        axis: i === 0 ? 1 : 0,
      }),
    ),
  );
  return {
    value: g.op("Mul", [g.op("Add", own), g.scalar(-0.5)]),
    slope: () => {
      const both = g.op("Add", [g.op("Exp", [logs[0]]), g.op("Exp", [logs[1]])]);
      return addToDiagonal(g, both, g.constant("float32", [rows, 1], Array<number>(rows).fill(-2)), rows);
    },
  };
}

function byParts(g: HandGraph, logits: string, rows: number): Softmaxed {
  const mask = diagonalMask(g, rows);
  const sides = [1, 0].map((axis) => ({ axis, ...softmaxParts(g, logits, axis) }));
  const means = sides.map(({ axis, shifted, sum }) =>
    meanOf(g, g.op("Sub", [g.op("Log", [sum]), sumAlong(g, g.op("Where", [mask, shifted, g.scalar(0)]), axis)])),
  );
  return {
    value: g.op("Mul", [g.op("Add", means), g.scalar(0.5)]),
    slope: () => {
      const both = g.op(
        "Add",
        sides.map(({ exp, sum }) => g.op("Div", [exp, sum])),
      );
      return g.op("Sub", [both, g.op("Where", [mask, g.scalar(2), g.scalar(0)])]);
    },
  };
}
