import { isSize, type Dim, type InputDType } from "@losses/core";
import { describeLoss } from "@losses/core/docs";
import { UsageError } from "../failure.js";
import { note, print, writeWhole } from "../output.js";
import { readDType, readPair, readSpec } from "../read.js";

export interface ExportOptions {
  readonly option: readonly string[];
  readonly shape: readonly string[];
  readonly input: readonly string[];
  readonly grad?: true | string;
  readonly value: boolean;
  readonly dtype?: string;
  readonly provider?: string;
  readonly output: string;
}

/** `losses export`: a loss as an ONNX file. */
export async function exportModel(name: string, options: ExportOptions): Promise<void> {
  const spec = readSpec(name, options.option);
  const dtype = readDType(options.dtype);
  const { exportLoss } = await import("@losses/onnx");
  const { grad = false, value } = options;
  const bytes = exportLoss(spec, {
    gradients: typeof grad === "string" ? grad.split(",").map((input) => input.trim()) : grad,
    value,
    inputs: Object.fromEntries(options.input.map(readInput)),
    shapes: Object.fromEntries(options.shape.map(readShape)),
    provider: readProvider(options.provider),
    docs: describeLoss(spec.loss.definition),
    ...(dtype === undefined ? {} : { dtype }),
  });
  if (options.output === "-") return print(bytes);
  await writeWhole(options.output, bytes);
  const what = [...(value ? ["value"] : []), ...(grad === false ? [] : ["gradients"])].join(" and ");
  note(`${options.output}: ${spec.name}, ${what}, ${bytes.length} bytes`);
}

/** `target` or `target:int64`. */
function readInput(text: string): readonly [string, { readonly dtype?: InputDType }] {
  const [name = "", dtype, ...more] = text.split(":");
  if (dtype === undefined) return [name, {}];
  const known = inputDTypes.find((candidate) => candidate === dtype);
  if (known === undefined || more.length > 0) {
    throw new UsageError(`--input must be input or input:dtype with ${inputDTypes.join(", ")}, got ${text}.`);
  }
  return [name, { dtype: known }];
}

const inputDTypes: readonly InputDType[] = ["float16", "float32", "float64", "int32", "int64"];

function readProvider(text: string | undefined): "any" | "cpu" {
  if (text === undefined || text === "any" || text === "cpu") return text ?? "any";
  throw new UsageError(`--provider must be any or cpu, got ${text}.`);
}

/** `input=N,10`: names are sizes that the model takes as they come. */
function readShape(pair: string): readonly [string, readonly Dim[]] {
  const [input, text] = readPair("--shape", pair);
  const dims = text === "" ? [] : text.split(",").map((dim) => dim.trim());
  return [
    input,
    dims.map((dim) => {
      if (/^\d+$/.test(dim) && isSize(Number(dim))) return Number(dim);
      if (/^[A-Za-z_]\w*$/.test(dim)) return dim;
      throw new UsageError(`--shape must be input=N,10 with sizes or names, got ${pair}.`);
    }),
  ];
}
