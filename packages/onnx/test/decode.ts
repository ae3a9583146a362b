import { fromBinary } from "@bufbuild/protobuf";
import { ModelProtoSchema, type GraphProto, type ModelProto, type ValueInfoProto } from "../src/generated/onnx_pb.js";

export function decode(bytes: Uint8Array): { readonly model: ModelProto; readonly graph: GraphProto } {
  const model = fromBinary(ModelProtoSchema, bytes);
  if (model.graph === undefined) throw new Error("the model has no graph");
  return { model, graph: model.graph };
}

/** `name: type[dims]` with ONNX's number for the type. */
export function signature(value: ValueInfoProto): string {
  const { value: type } = value.type ?? { value: undefined };
  if (type?.case !== "tensorType") throw new Error(`${value.name} is no tensor`);
  const dims = type.value.shape?.dim.map((dim) => String(dim.value.value));
  return `${value.name}: ${type.value.elemType}[${dims?.join(", ")}]`;
}

export function metadata(model: ModelProto): Readonly<Record<string, string>> {
  return Object.fromEntries(model.metadataProps.map(({ key, value }) => [key, value]));
}
