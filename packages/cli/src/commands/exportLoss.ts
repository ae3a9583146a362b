import { writeFile } from "node:fs/promises";
import type { Dim } from "@losses/core";
import { UsageError } from "../failure.js";
import { note, print } from "../output.js";
import { readDType, readPair, readSpec } from "../read.js";

export interface ExportOptions {
  readonly option: readonly string[];
  readonly shape: readonly string[];
  readonly grad: boolean;
  readonly dtype?: string;
  readonly output: string;
}

/** `losses export`: a loss as an ONNX file. */
export async function exportModel(name: string, options: ExportOptions): Promise<void> {
  const spec = readSpec(name, options.option);
  const dtype = readDType(options.dtype);
  const { exportLoss } = await import("@losses/onnx");
  const bytes = exportLoss(spec, {
    gradients: options.grad,
    shapes: Object.fromEntries(options.shape.map(readShape)),
    ...(dtype === undefined ? {} : { dtype }),
  });
  if (options.output === "-") return print(bytes);
  await writeFile(options.output, bytes);
  const what = options.grad ? "value and gradients" : "value";
  note(`${options.output}: ${spec.name}, ${what}, ${bytes.length} bytes`);
}

/** `input=N,10`: names are sizes that the model takes as they come. */
function readShape(pair: string): readonly [string, readonly Dim[]] {
  const [input, text] = readPair("--shape", pair);
  const dims = text === "" ? [] : text.split(",").map((dim) => dim.trim());
  return [
    input,
    dims.map((dim) => {
      if (/^\d+$/.test(dim)) return Number(dim);
      if (/^[A-Za-z_]\w*$/.test(dim)) return dim;
      throw new UsageError(`--shape must be input=N,10 with sizes or names, got ${pair}.`);
    }),
  ];
}
