import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  checkSpec,
  InputError,
  isFloat,
  LossesError,
  OptionError,
  printValue,
  readOptions,
  readRecord,
  readRequests,
  ShapeError,
  symbolicRules,
  type ByTensor,
  type Dim,
  type ElementName,
  type InputDType,
  type InputRequest,
  type GradInput,
  type LossInputs,
  type LossSpec,
  type Rules,
} from "@losses/core";
import type { LossDescription } from "@losses/core/docs";
import { buildModel } from "./buildModel.js";
import { describeLoss } from "./describeLoss.js";
import type { Provider } from "./emit/providers.js";
import { elementType } from "./format.js";
import {
  ModelProtoSchema,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type ValueInfoProto,
} from "./generated/onnx_pb.js";
import { lossGraph } from "./lossGraph.js";
import { byNameRule, flagRule, providerRule, readDocs } from "./requests.js";

export interface AttachLossOptions<I extends LossInputs = LossInputs> {
  /** Which output of the model each input of the loss is: `{ input: "logits" }`. The other inputs become inputs of the model. */
  readonly mapping: ByTensor<I, string>;
  /** True: the gradient at every mapped floating output; or the names of inputs of the loss. Default: the loss alone. */
  readonly gradients?: boolean | readonly (GradInput<I> | ElementName<I>)[];
  /** True: also the parts of the loss, as outputs `part:<name>`. Default false. */
  readonly parts?: boolean;
  /** `"cpu"` for a model that only the processor will run. Default `"any"`. */
  readonly provider?: Provider;
  /** Shapes and dtypes of the loss's inputs, where the model does not say them. */
  readonly inputs?: ByTensor<I, InputRequest>;
  /** What the model says of the loss's inputs: `describeLoss(spec.loss.definition)` of `@losses/core/docs`. Default: what the definition says. */
  readonly docs?: Partial<LossDescription>;
}

const rules: Rules<AttachLossOptions> = {
  mapping: byNameRule,
  gradients: symbolicRules.gradients,
  parts: flagRule,
  provider: providerRule,
  inputs: byNameRule,
  docs: byNameRule,
};

/** The oldest operator set that has every op a loss is made of. */
const oldestOpset = 15;

/**
 * Joins a loss onto an ONNX model: one run then gives the model's outputs, the loss (`value`) and, on request, its gradients at
 * those outputs (`grad:<input of the loss>`). Everything else in the model stays as it is.
 *
 * @throws InputError if the mapping names what is not there or a name is taken twice; ShapeError or DTypeError if the outputs do not
 * fit the loss; LossesError if the bytes are no model or its operator set is older than 15
 * @example
 * ```ts
 * const evaluated = attachLoss(modelBytes, crossEntropy(), { mapping: { input: "logits" }, gradients: true });
 * ```
 */
export function attachLoss<I extends LossInputs>(
  bytes: Uint8Array,
  typed: LossSpec<I>,
  options: AttachLossOptions<I>,
): Uint8Array {
  checkSpec("attachLoss", typed);
  const spec: LossSpec = typed;
  const {
    gradients = false,
    parts = false,
    provider = "any",
    ...given
  } = readOptions("attachLoss", options as AttachLossOptions, rules);
  const mapping = readMapping(given.mapping);
  const docs = readDocs("attachLoss", given.docs);
  const inputs = readRequests("attachLoss", { inputs: given.inputs ?? {} });
  const { model, graph } = readModel(spec.name, bytes);
  const mapped = Object.entries(mapping).map(([input, output]): [string, ValueInfoProto] => {
    const found = graph.output.find((value) => value.name === output);
    if (found !== undefined) return [input, found];
    const known = graph.output.map((value) => value.name).join(", ");
    throw new InputError(
      `${spec.name}: ${input} must be mapped to an output (${known}), got ${printValue(output)}.`,
      "INVALID_INPUT",
    );
  });
  const symbols = new Symbols();
  const requests = Object.fromEntries(
    mapped.map(([input, value]) => [
      input,
      readType(spec.name, input, value, symbols, Object.hasOwn(inputs, input) ? inputs[input] : undefined),
    ]),
  );
  const floats = Object.keys(requests).filter((name) => isFloat(requests[name]?.dtype ?? "int32"));
  const dtype = floats.map((name) => requests[name]?.dtype).find((found) => found !== undefined && isFloat(found));
  const made = lossGraph(spec, {
    inputs: { ...inputs, ...requests },
    gradients: gradients === true ? floats : gradients,
    parts,
    ...(dtype === undefined ? {} : { dtype }),
  });
  const loss = buildModel(made.graph, {
    ...describeLoss(spec, made, docs),
    provider,
    opset: opsetOf(spec.name, model),
  });
  if (loss.graph !== undefined) join(spec.name, graph, loss.graph, mapping);
  // A loss that was attached before describes itself no longer: each key stands once.
  const own = new Set(loss.metadataProps.map(({ key }) => key));
  model.metadataProps = [...model.metadataProps.filter(({ key }) => !own.has(key)), ...loss.metadataProps];
  return toBinary(ModelProtoSchema, model);
}

function readMapping(given: unknown): Readonly<Record<string, string>> {
  const where = "attachLoss: option mapping";
  const entries = readRecord(where, given).map(([input, output]) => {
    if (typeof output === "string") return [input, output] as const;
    throw new OptionError(`${where} must name outputs of the model, got ${printValue(output)} for ${input}.`);
  });
  if (entries.length > 0) return Object.fromEntries(entries);
  throw new OptionError(
    `${where} must say which output of the model an input of the loss is, got none. Say { mapping: { input: "logits" } }.`,
  );
}

function readModel(loss: string, bytes: Uint8Array): { readonly model: ModelProto; readonly graph: GraphProto } {
  let model: ModelProto;
  if (!isBytes(bytes)) {
    throw new LossesError(
      "INVALID_INPUT",
      `${loss}: attachLoss must get the bytes of an ONNX model in a Uint8Array, got ${printValue(bytes)}.`,
    );
  }
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw new LossesError(
      "INVALID_INPUT",
      `${loss}: attachLoss must get the bytes of an ONNX model, got something else.`,
      { cause },
    );
  }
  if (model.graph === undefined) {
    throw new LossesError(
      "INVALID_INPUT",
      `${loss}: attachLoss must get the bytes of an ONNX model, got one without a graph.`,
    );
  }
  return { model, graph: model.graph };
}

function isBytes(value: unknown): boolean {
  try {
    return value instanceof Uint8Array;
  } catch {
    // A proxy may refuse to tell what it is.
    return false;
  }
}

function opsetOf(loss: string, model: ModelProto): number {
  const opset = model.opsetImport.find(({ domain }) => domain === "" || domain === "ai.onnx");
  const version = Number(opset?.version ?? 0);
  if (version >= oldestOpset) return version;
  throw new LossesError(
    "INVALID_INPUT",
    `${loss}: the model must use operator set ${oldestOpset} or later, got ${version}. Convert it with onnx.version_converter.`,
  );
}

function readType(
  loss: string,
  input: string,
  { name, type }: ValueInfoProto,
  symbols: Symbols,
  given: InputRequest | undefined,
): { readonly shape: readonly Dim[]; readonly dtype: InputDType } {
  const tensor = type?.value.case === "tensorType" ? type.value.value : undefined;
  const dtype = dtypes.find((candidate) => elementType[candidate] === tensor?.elemType) ?? given?.dtype;
  const shape =
    given?.shape ??
    tensor?.shape?.dim.map(({ value }, i): Dim =>
      value.case === "dimValue"
        ? Number(value.value)
        : symbols.named(value.case === "dimParam" && value.value !== "" ? value.value : `${name}_${i}`),
    );
  if (dtype === undefined || shape === undefined) {
    throw new ShapeError(
      `${loss}: ${input} must have a known shape and dtype, got the output ${name} without. Give them in inputs.${input}.`,
    );
  }
  return { shape, dtype };
}

/** The names of a model's sizes as symbols of a graph: a name may be any text, a symbol is letters and digits. */
class Symbols {
  readonly #known = new Map<string, string>();

  named(text: string): string {
    const known = this.#known.get(text);
    if (known !== undefined) return known;
    const taken = new Set(this.#known.values());
    const word = text.replace(/\W/g, "_");
    let symbol = /^[A-Za-z]/.test(word) ? word : `d${word}`;
    while (taken.has(symbol) || symbol in Object.prototype) symbol += "_";
    this.#known.set(text, symbol);
    return symbol;
  }
}

const dtypes: readonly InputDType[] = ["float32", "float16", "float64", "int32", "int64", "bool"];

/** Adds the loss's graph to the model's; its inner values get names that the model does not use. */
function join(loss: string, graph: GraphProto, added: GraphProto, mapping: Readonly<Record<string, string>>): void {
  const taken = new Set([
    ...graph.input.map(({ name }) => name),
    ...graph.initializer.map(({ name }) => name),
    ...graph.node.flatMap(({ output }) => output),
  ]);
  const inputs = added.input.filter(({ name }) => !Object.hasOwn(mapping, name));
  const visible = new Set([...inputs, ...added.output].map(({ name }) => name));
  for (const name of visible) {
    if (taken.has(name)) {
      throw new InputError(
        `${loss}: the model must not have a value named ${name}, got one. Rename it.`,
        "INVALID_INPUT",
      );
    }
  }
  let prefix = `${loss}/`;
  while ([...taken].some((name) => name.startsWith(prefix))) prefix += "/";
  const rename = (name: string): string => {
    if (name === "" || visible.has(name)) return name;
    return Object.hasOwn(mapping, name) ? (mapping[name] ?? name) : prefix + name;
  };
  renameNodes(added.node, prefix, rename);
  for (const tensor of added.initializer) tensor.name = rename(tensor.name);
  graph.node.push(...added.node);
  graph.initializer.push(...added.initializer);
  graph.input.push(...inputs);
  graph.output.push(...added.output);
}

function renameNodes(nodes: readonly NodeProto[], prefix: string, rename: (name: string) => string): void {
  for (const node of nodes) {
    node.name = prefix + node.name;
    node.input = node.input.map(rename);
    node.output = node.output.map(rename);
    for (const { g } of node.attribute) {
      if (g === undefined) continue;
      renameNodes(g.node, prefix, rename);
      for (const value of [...g.input, ...g.output]) value.name = rename(value.name);
    }
  }
}
