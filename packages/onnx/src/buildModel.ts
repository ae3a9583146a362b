import { create } from "@bufbuild/protobuf";
import { graphInputs, nodeAt, verify, type DimSizes, type Graph, type Node } from "@losses/core";
import type { ModelContext } from "./emit/context.js";
import { emitGraph } from "./emit/emitGraph.js";
import { addUnknown, unknownForBadInputs } from "./emit/badInputs.js";
import { isForAll, passNames, type PassName } from "./emit/passes/names.js";
import { abilities, type Provider } from "./emit/providers.js";
import { sizesOfInputs, sizesOfShapes, type SizeInput } from "./emit/sizes.js";
import { oneStage, stagesOf } from "./emit/sumStages.js";
import { ModelWriter } from "./emit/writer.js";
import { elementType, encodeValue } from "./format.js";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  type ModelProto,
  type ValueInfoProto,
} from "./generated/onnx_pb.js";
import { elementsIn, isLarge, knownSteps } from "./variant.js";
import { version } from "./version.js";
import { widenHalf } from "./widenHalf.js";

/** The ONNX file format and operator set that models are written in: old enough for every current runtime. */
export const irVersion = 8;
export const opset = 15;

/** The first operator set with a scatter that adds. */
const scatterOpset = 16;

export interface ExportGraphOptions {
  /** What the model computes, for people: becomes its `doc_string`. */
  readonly doc?: string;
  /** Named texts kept in the model (`metadata_props`). */
  readonly metadata?: Readonly<Record<string, string>>;
  /** One line about an input or output, by name. */
  readonly docs?: Readonly<Record<string, string>>;
  /** int32 inputs of the graph that the model shall take as int64. */
  readonly int64Inputs?: readonly string[];
  /**
   * The sizes behind the symbols that the model is for, which makes it faster: it serves just those that have the same `variantKey`.
   * Default: the model is right for every size.
   */
  readonly sizes?: DimSizes;
  /**
   * True for a model that is fed only numbers that have been checked against the range that its inputs say (`attrs.indices`,
   * `attrs.numbers`). Default false: a number out of range makes every output NaN.
   */
  readonly trustsIndices?: boolean;
  /**
   * `"cpu"` for a model that only the processor will run, `"wasm"` for one that only onnxruntime-web's processor will: it may be faster
   * there. Default `"any"`.
   */
  readonly provider?: Provider;
  /** What makes it faster there, by name, for who compares; default: all. */
  readonly passes?: readonly PassName[];
}

interface BuildOptions extends ExportGraphOptions {
  readonly opset?: number;
  /** Collects inputs for the sizes that the model needs; default: it reads them from the shapes of its inputs. */
  readonly sizeInputs?: SizeInput[];
}

/** What the outputs of a graph are called in its model: as in the graph, unless an input of the model has that name. */
export function outputNames(graph: Graph): readonly string[] {
  const inputs = graphInputs(graph).map(({ attrs }) => attrs.name);
  const { outputs } = graph;
  const taken = new Set([...inputs, ...outputs.map(({ name }) => name)]);
  return outputs.map(({ name }) => {
    if (!inputs.includes(name)) return name;
    let free = `output:${name}`;
    while (taken.has(free)) free = `output:${free}`;
    taken.add(free);
    return free;
  });
}

/** A graph as an ONNX model that is not encoded yet. */
export function buildModel(given: Graph, options: BuildOptions = {}): ModelProto {
  verify(given);
  const graph = widenHalf(given);
  const can = abilities[options.provider ?? "any"];
  const operators = options.opset ?? (can.scattersSums ? scatterOpset : opset);
  const inputs = graphInputs(graph);
  const int64Inputs = new Set(options.int64Inputs);
  const names = outputNames(graph);
  const outputs = graph.outputs.map(({ node }, i) => ({ name: names[i] ?? "", node }));
  const writer = new ModelWriter([...inputs.map((node) => node.attrs.name), ...names]);
  const hasElements = options.sizes !== undefined && elementsIn(graph)(options.sizes);
  const model: ModelContext = {
    name: graph.name,
    writer,
    stagesOf: (run) => (hasElements || options.sizes === undefined ? stagesOf(run, options.sizes) : oneStage),
    isLarge: (shape) => isLarge(shape, options.sizes),
    stepsOf: (length) => knownSteps(length, can, options.sizes),
    can,
    takes: (pass) => (can.gainsByPasses || isForAll(pass)) && (options.passes ?? passNames).includes(pass),
    trustsIndices: options.trustsIndices ?? false,
    hasElements,
    knowsSizes: options.sizes !== undefined,
    opset: operators,
    scatters: can.scattersSums && operators >= scatterOpset,
  };
  const sizes =
    options.sizeInputs === undefined ? sizesOfShapes(writer, graph, can) : sizesOfInputs(writer, options.sizeInputs);
  const { values, context } = emitGraph(model, graph, sizes, ({ attrs: { name, dtype } }) =>
    int64Inputs.has(name) ? writer.node("Cast", [name], { to: elementType[dtype] }) : name,
  );
  const unknown = unknownForBadInputs(context, int64Inputs);
  const { nodes, initializers, read } = writer.finish(
    outputs.map(({ name, node }) => ({
      name,
      value: unknown === undefined ? (values[node] ?? "") : addUnknown(node, unknown, context),
    })),
  );
  const sizeInputs = (options.sizeInputs ?? []).filter(({ name }) => read.has(name));
  options.sizeInputs?.splice(0, Infinity, ...sizeInputs);
  return create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(operators) })],
    producerName: "@losses/onnx",
    producerVersion: version,
    ...(options.doc === undefined ? {} : { docString: options.doc }),
    metadataProps: Object.entries(options.metadata ?? {}).map(([key, value]) =>
      create(StringStringEntryProtoSchema, { key, value }),
    ),
    graph: create(GraphProtoSchema, {
      name: graph.name,
      ...(options.doc === undefined ? {} : { docString: options.doc }),
      node: [...nodes],
      initializer: [...initializers],
      valueInfo: [...describeInner(graph, values, new Set(nodes.flatMap(({ output }) => output)))],
      input: [
        ...inputs.map(({ attrs: { name, dtype, shape } }) =>
          encodeValue(name, int64Inputs.has(name) ? "int64" : dtype, shape, options.docs?.[name]),
        ),
        ...sizeInputs.map(({ name, dtype, shape }) => encodeValue(name, dtype, shape)),
      ],
      output: outputs.map(({ name, node }) => {
        const { dtype, shape } = nodeAt(graph, node);
        return encodeValue(name, dtype, shape, options.docs?.[name]);
      }),
    }),
  });
}

/**
 * The shapes of the values that nodes of the graph became. A runtime that cannot infer them for a symbolic size, as behind a gather,
 * would not write a result into the memory of an operand.
 */
function describeInner(
  graph: Graph,
  values: readonly string[],
  computed: ReadonlySet<string>,
): readonly ValueInfoProto[] {
  const inner = new Map(
    graph.nodes.flatMap((node): [string, Node][] => {
      const value = values[node.id] ?? "";
      return computed.has(value) ? [[value, node]] : [];
    }),
  );
  return [...inner].map(([name, { dtype, shape }]) => encodeValue(name, dtype, shape));
}
