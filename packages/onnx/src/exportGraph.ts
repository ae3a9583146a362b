import { toBinary } from "@bufbuild/protobuf";
import { type Graph, isSize, readOptions, recordRule, type Rules } from "@losses/core";
import { buildModel, type ExportGraphOptions } from "./buildModel.js";
import type { SizeInput } from "./emit/sizes.js";
import { ModelProtoSchema } from "./generated/onnx_pb.js";
import { flagRule, passesRule, providerRule, textRecordRule, textsRule } from "./requests.js";

/**
 * Writes a graph as an ONNX model: the bytes of a `.onnx` file. Symbols become symbolic dimensions, so the model serves
 * every batch size. It uses only standard float, int32 and bool ops, and int64 for shapes.
 *
 * @throws LossesError if the graph is not well formed; UnsupportedOpError on a recursion of too many or unknown steps, unless the model
 * is for the processor
 * @example
 * ```ts
 * const bytes = exportGraph(graph);
 * await writeFile("loss.onnx", bytes);
 * ```
 */
export function exportGraph(graph: Graph, options?: ExportGraphOptions): Uint8Array {
  return toBinary(ModelProtoSchema, buildModel(graph, readGraphOptions("exportGraph", options)));
}

/** A model that is told the sizes of a run instead of computing them. */
export interface SizedModel {
  readonly model: Uint8Array;
  /** The inputs that the model has besides the graph's. */
  readonly sizeInputs: readonly SizeInput[];
}

/**
 * The same with the sizes behind the symbols as inputs: no node computes with shapes in int64, which runtimes keep on the processor.
 * A GPU provider then runs every node, and a session can be made that refuses anything else.
 *
 * @throws LossesError if the graph is not well formed; UnsupportedOpError on a recursion of too many or unknown steps, unless the model
 * is for the processor
 * @example
 * ```ts
 * const { model, sizeInputs } = exportSizedGraph(graph);
 * for (const { name, dtype, shape, values } of sizeInputs) feeds[name] = tensor(dtype, shape, values({ N: 32 }));
 * ```
 */
export function exportSizedGraph(graph: Graph, options?: ExportGraphOptions): SizedModel {
  const sizeInputs: SizeInput[] = [];
  const model = buildModel(graph, { ...readGraphOptions("exportSizedGraph", options), sizeInputs });
  return { model: toBinary(ModelProtoSchema, model), sizeInputs };
}

const rules: Rules<ExportGraphOptions> = {
  doc: { domain: "a text", accepts: (value) => typeof value === "string" },
  metadata: textRecordRule,
  docs: textRecordRule,
  int64Inputs: textsRule,
  sizes: recordRule("a plain object of sizes by symbol", { domain: "a size", accepts: isSize }),
  trustsIndices: flagRule,
  provider: providerRule,
  passes: passesRule,
};

function readGraphOptions(where: string, options: ExportGraphOptions | undefined): ExportGraphOptions {
  return readOptions(where, options, rules);
}
