// Writes every loss as .onnx files, forward and with gradients, in each dtype, and a loss of the ops that none of them has.
// Usage: node check/exportAll.mjs <folder>
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { allLosses, concat, defineLoss, float, labels, list, reduction, scan, stack } from "@losses/core";
import { exportLoss } from "@losses/onnx";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node check/exportAll.mjs <folder>");
mkdirSync(folder, { recursive: true });

/** Ops, sizes that are computed, lists and parts. */
const everything = defineLoss({
  name: "everything",
  summary: "What no loss has.",
  formula: "f(x, i)",
  inputs: {
    x: float(["T", "N"], "Numbers."),
    pairs: float(["2*N", "D"], "Two for each."),
    scales: list(float(["N", "S"], "One of several.")),
    i: labels(["N"], "Positions."),
  },
  options: { reduction: reduction("mean") },
  value({ x, pairs, scales, i }) {
    const functions = x.erf().add(x.tanh()).add(x.atan()).add(x.expm1()).add(x.abs().log1p()).add(x.floor());
    const moved = x.flip(0).pad(1, 0, "2*N", 2).slice(1, 0, "N").cumsum(0, { exclusive: true });
    const sorted = x.sort(1).mul(x.argmax(1, true).cast(x.dtype));
    const scattered = x.take(0, i).scatterAdd(0, i.unsqueeze(1), x.shape[0] ?? 1);
    const { carry, collected } = scan({ init: { a: x.sum(0).mul(0) }, sequences: { x }, reverse: true }, (from, at) => {
      const a = stack([from.a, at.x], 0).logSumExp(0);
      return { carry: { a }, collect: { a } };
    });
    const products = pairs.reshape(["N", 2, "D"]);
    const batch = products.matmul(products.transpose([0, 2, 1])).sum([1, 2]);
    return {
      parts: {
        rows: concat([functions, moved, sorted, scattered], 1).sum(1).add(collected.a.sum(1)),
        columns: {
          part: batch.add(carry.a).add(scales.map((scale) => scale.sum(1)).reduce((a, b) => a.add(b))),
          weight: 2,
        },
      },
    };
  },
});

for (const dtype of ["float32", "float16", "float64"]) {
  for (const gradients of [false, true]) {
    const end = `${dtype}${gradients ? ".grad" : ""}`;
    for (const loss of allLosses) {
      for (const reduction of ["mean", "none"]) {
        const file = `${loss.lossName}.${reduction}.${end}.onnx`;
        writeFileSync(join(folder, file), exportLoss(loss({ reduction }), { dtype, gradients }));
      }
    }
    const options = { dtype, gradients, parts: true, inputs: { "scales.0": {}, "scales.1": {} } };
    writeFileSync(
      join(folder, `everything.${end}.onnx`),
      exportLoss(everything(), { ...options, shapes: { x: [5, "N"] } }),
    );
    writeFileSync(
      join(folder, `everything.${end}.cpu.onnx`),
      exportLoss(everything(), { ...options, provider: "cpu" }),
    );
  }
}
