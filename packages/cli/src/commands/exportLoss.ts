import {
  allInputs,
  bindSymbols,
  formatShape,
  inputOf,
  type ChosenInput,
  type Dim,
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
  const inputs = await (readFormat(options) === "js" ? writeModule : writeModel)(spec, asked, options);
  if (inputs === undefined) return;
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

type Inputs = Readonly<Record<string, ChosenInput>>;

/** The inputs that it takes, where there is a file. */
async function writeModel(spec: LossSpec, asked: Asked, options: ExportOptions): Promise<Inputs | undefined> {
  const dtype = readDType(options.dtype);
  const { exportLoss: exportModel, lossGraph } = await import("@losses/onnx");
  const { value, output } = options;
  const request = { ...asked, value, ...(dtype === undefined ? {} : { dtype }) };
  const provider = readProvider(options.provider);
  const bytes = exportModel(spec, { ...request, provider, docs: describeLoss(spec.loss.definition) });
  if (output === "-") return void print(bytes);
  await writeWhole(output, bytes);
  noteFile(
    output,
    spec,
    [...(value ? ["value"] : []), ...(asked.gradients === false ? [] : ["gradients"])],
    bytes.length,
  );
  return lossGraph(spec, request).inputs;
}

/** The same for a module. Its declarations are beside it. */
async function writeModule(spec: LossSpec, asked: Asked, options: ExportOptions): Promise<Inputs | undefined> {
  for (const [option, isGiven] of [
    ["--no-value", !options.value],
    ["--dtype", (readDType(options.dtype) ?? "float32") !== "float32"],
    ["--provider", options.provider !== undefined],
  ] as const) {
    if (isGiven) throw new UsageError(`${option} is for ONNX files: a JavaScript module gives the value, in float32.`);
  }
  const { exportModule } = await import("@losses/js/export");
  const { code, types } = exportModule(spec, asked);
  const { output } = options;
  if (output === "-") return void print(code);
  await writeWhole(output, code);
  await writeWhole(output.replace(/\.(m?)js$/, "") + (output.endsWith(".mjs") ? ".d.mts" : ".d.ts"), types);
  noteFile(output, spec, ["value", ...(asked.gradients === false ? [] : ["gradients"])], code.length);
  return bindSymbols(spec, asked).inputs;
}

function noteFile(output: string, { name }: LossSpec, what: readonly string[], bytes: number): void {
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
