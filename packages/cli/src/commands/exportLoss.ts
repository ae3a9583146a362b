import {
  allInputs,
  bindSymbols,
  formatShape,
  inputOf,
  type Dim,
  type FloatDType,
  type InputDType,
  type InputRequest,
  type LossSpec,
} from "@losses/core";
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
  readonly format?: string;
  readonly output: string;
}

/** `losses export`: a loss as an ONNX file, or as a JavaScript module. */
export async function exportLoss(name: string, options: ExportOptions): Promise<void> {
  const spec = readSpec(name, options.option);
  const { grad = false } = options;
  const asked: Asked = {
    gradients: typeof grad === "string" ? grad.split(",").map((input) => input.trim()) : grad,
    inputs: Object.fromEntries(options.input.map(readInput)),
    shapes: Object.fromEntries(options.shape.map(readShape)),
  };
  const dtype = readDType(options.dtype);
  await (readFormat(options) === "js" ? writeModule : writeModel)(spec, asked, options, dtype);
  if (options.output === "-") return;
  const { inputs } = bindSymbols(spec, withDType(asked, dtype));
  for (const [input, { shape, dtype: type }] of Object.entries(inputs))
    note(`  ${input} ${formatShape(shape)} ${type}`);
  const open = Object.keys(inputs).filter((input) => isOpen(spec, input) && asked.shapes[input] === undefined);
  if (open.length === 0 || Object.keys(asked.shapes).length > 0) return;
  note(
    `${spec.name} takes ${open.join(", ")} of any number of axes; what was written takes one. For another, say it: --shape ${open[0]}=N,D`,
  );
}

/** What is asked of the loss, whatever it is written as. */
interface Asked {
  readonly gradients: boolean | readonly string[];
  readonly inputs: Readonly<Record<string, InputRequest>>;
  readonly shapes: Readonly<Record<string, readonly Dim[]>>;
}

function withDType(asked: Asked, dtype: FloatDType | undefined): Asked & { readonly dtype?: FloatDType } {
  return dtype === undefined ? asked : { ...asked, dtype };
}

async function writeModel(
  spec: LossSpec,
  asked: Asked,
  { value, output, ...options }: ExportOptions,
  dtype: FloatDType | undefined,
): Promise<void> {
  const { exportLoss: exportModel } = await import("@losses/onnx");
  const provider = readProvider(options.provider);
  const docs = describeLoss(spec.loss.definition);
  const bytes = exportModel(spec, { ...withDType(asked, dtype), value, provider, docs });
  if (output === "-") return print(bytes);
  await writeWhole(output, bytes);
  noteFile(output, spec, { value, gradients: asked.gradients !== false }, bytes.length);
}

/** Its declarations are beside it. */
async function writeModule(
  spec: LossSpec,
  asked: Asked,
  { value, output, provider }: ExportOptions,
  dtype: FloatDType | undefined,
): Promise<void> {
  for (const [option, isGiven] of [
    ["--no-value", !value],
    ["--dtype", dtype !== undefined && dtype !== "float32"],
    ["--provider", provider !== undefined],
  ] as const) {
    if (isGiven) throw new UsageError(`${option} is for ONNX files: a JavaScript module gives the value, in float32.`);
  }
  const { exportModule } = await import("@losses/js/export");
  const { code, types } = exportModule(spec, asked);
  if (output === "-") return print(code);
  await writeWhole(output, code);
  await writeWhole(output.replace(/\.(m?)js$/, "") + (output.endsWith(".mjs") ? ".d.mts" : ".d.ts"), types);
  noteFile(output, spec, { value, gradients: asked.gradients !== false }, code.length);
}

function noteFile(
  output: string,
  { name }: LossSpec,
  holds: Readonly<Record<"value" | "gradients", boolean>>,
  bytes: number,
): void {
  const what = (["value", "gradients"] as const).filter((part) => holds[part]);
  note(`${output}: ${name}, ${what.join(" and ")}, ${bytes} bytes`);
}

function readFormat({ format, output }: ExportOptions): "onnx" | "js" {
  if (format === undefined) return /\.m?js$/.test(output) ? "js" : "onnx";
  if (format === "onnx" || format === "js") return format;
  throw new UsageError(`--format must be onnx or js, got ${format}.`);
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
