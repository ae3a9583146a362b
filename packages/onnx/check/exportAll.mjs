// Writes every loss as .onnx files, forward and with gradients, in each dtype. Usage: node check/exportAll.mjs <folder>
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import process from "node:process";
import { allLosses } from "@losses/core";
import { exportLoss } from "@losses/onnx";

const [folder] = process.argv.slice(2);
if (folder === undefined) throw new Error("usage: node check/exportAll.mjs <folder>");
mkdirSync(folder, { recursive: true });
for (const loss of allLosses) {
  for (const reduction of ["mean", "none"]) {
    for (const dtype of ["float32", "float16", "float64"]) {
      for (const gradients of [false, true]) {
        const file = `${loss.lossName}.${reduction}.${dtype}${gradients ? ".grad" : ""}.onnx`;
        writeFileSync(join(folder, file), exportLoss(loss({ reduction }), { dtype, gradients }));
      }
    }
  }
}
