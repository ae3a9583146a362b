import { allInputs, formatShape, inputOf, type InputDType, type LossSpec } from "@losses/core";
import { describeLoss } from "@losses/core/docs";
import type { Provider } from "@losses/onnx";
import { UsageError } from "../failure.js";
import { note, print, writeWhole } from "../output.js";
import { readDType, readShape, readSpec } from "../read.js";

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
  const { exportLoss, lossGraph } = await import("@losses/onnx");
  const { grad = false, value } = options;
  const asked = {
    gradients: typeof grad === "string" ? grad.split(",").map((input) => input.trim()) : grad,
    value,
    inputs: Object.fromEntries(options.input.map(readInput)),
    shapes: Object.fromEntries(options.shape.map(readShape)),
    ...(dtype === undefined ? {} : { dtype }),
  };
  const bytes = exportLoss(spec, {
    ...asked,
    provider: readProvider(options.provider),
    docs: describeLoss(spec.loss.definition),
  });
  if (options.output === "-") return print(bytes);
  await writeWhole(options.output, bytes);
  const what = [...(value ? ["value"] : []), ...(grad === false ? [] : ["gradients"])].join(" and ");
  note(`${options.output}: ${spec.name}, ${what}, ${bytes.length} bytes`);
  const { inputs } = lossGraph(spec, asked);
  for (const [input, { shape, dtype: type }] of Object.entries(inputs))
    note(`  ${input} ${formatShape(shape)} ${type}`);
  const open = Object.keys(inputs).filter((input) => isOpen(spec, input) && asked.shapes[input] === undefined);
  if (open.length === 0 || Object.keys(asked.shapes).length > 0) return;
  note(
    `${spec.name} takes ${open.join(", ")} of any number of axes; a model has one. For another, say it: --shape ${open[0]}=N,D`,
  );
}

/** True for an input that may have more axes, or fewer. */
function isOpen(spec: LossSpec, input: string): boolean {
  const forms = allInputs(spec.loss.definition)[inputOf(input)]?.forms ?? [];
  return forms.some(({ pattern }) => pattern.some(({ type }) => type === "rest" || type === "broadcast"));
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

function readProvider(text: string = "any"): Provider {
  if (text === "any" || text === "cpu" || text === "wasm") return text;
  throw new UsageError(`--provider must be any, cpu or wasm, got ${text}.`);
}
