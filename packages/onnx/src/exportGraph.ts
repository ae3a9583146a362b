import { toBinary } from "@bufbuild/protobuf";
import type { Graph } from "@losses/core";
import { buildModel, type ExportGraphOptions } from "./buildModel.js";
import { ModelProtoSchema } from "./generated/onnx_pb.js";

/**
 * Writes a graph as an ONNX model: the bytes of a `.onnx` file. Symbols become symbolic dimensions, so the model serves
 * every batch size. It uses only standard float, int32 and bool ops, and int64 for shapes.
 *
 * @throws LossesError if the graph is not well formed.
 * @example
 * ```ts
 * const bytes = exportGraph(graph);
 * await writeFile("loss.onnx", bytes);
 * ```
 */
export function exportGraph(graph: Graph, options: ExportGraphOptions = {}): Uint8Array {
  return toBinary(ModelProtoSchema, buildModel(graph, options));
}
