import { create } from "@bufbuild/protobuf";
import { getTextEncoding } from "@bufbuild/protobuf/wire";
import { halfBits, type DType, type InputDType, type Shape } from "@losses/core";
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  NodeProtoSchema,
  TensorProtoSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type NodeProto,
  type TensorProto,
  type ValueInfoProto,
} from "./generated/onnx_pb.js";

/** An attribute of an ONNX node: an integer, a list of integers, or a text. */
export type AttributeValue = number | string | readonly number[];

/** Nodes that run if another node says so. They read values around them; `output` is what they are for. */
export interface Branch {
  readonly nodes: readonly OnnxNode[];
  readonly output: string;
  readonly dtype: InputDType;
  readonly shape: Shape;
}

/** One ONNX node before it is encoded. */
export interface OnnxNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly output: string;
  readonly attributes: Readonly<Record<string, AttributeValue | Branch>>;
}

/** `TensorProto.DataType` of each dtype. */
export const elementType: { readonly [K in InputDType]: number } = {
  float16: 10,
  float32: 1,
  float64: 11,
  int32: 6,
  int64: 7,
  bool: 9,
};

/** `AttributeProto.AttributeType` of what attributes hold here. */
const attributeType = { int: 2, string: 3, graph: 5, ints: 7 } as const;

export function encodeNode(node: OnnxNode): NodeProto {
  return create(NodeProtoSchema, {
    opType: node.opType,
    name: node.output,
    input: [...node.inputs],
    output: [node.output],
    attribute: Object.entries(node.attributes).map(([name, value]) => encodeAttribute(name, value)),
  });
}

function encodeAttribute(name: string, value: AttributeValue | Branch): AttributeProto {
  if (isBranch(value)) {
    const { nodes, output, dtype, shape } = value;
    const g = { name: output, node: nodes.map(encodeNode), output: [encodeValue(output, dtype, shape)] };
    return create(AttributeProtoSchema, { name, type: attributeType.graph, g: create(GraphProtoSchema, g) });
  }
  if (typeof value === "string") {
    return create(AttributeProtoSchema, { name, type: attributeType.string, s: getTextEncoding().encodeUtf8(value) });
  }
  return typeof value === "number"
    ? create(AttributeProtoSchema, { name, type: attributeType.int, i: BigInt(value) })
    : create(AttributeProtoSchema, { name, type: attributeType.ints, ints: value.map(BigInt) });
}

export function isBranch(value: AttributeValue | Branch): value is Branch {
  return typeof value === "object" && "nodes" in value;
}

/** A named input or output; symbols become `dim_param`. */
export function encodeValue(name: string, dtype: InputDType, shape: Shape, doc?: string): ValueInfoProto {
  const dim = shape.map((size) => ({
    value:
      typeof size === "string"
        ? { case: "dimParam" as const, value: size }
        : { case: "dimValue" as const, value: BigInt(size) },
  }));
  return create(ValueInfoProtoSchema, {
    name,
    type: { value: { case: "tensorType", value: { elemType: elementType[dtype], shape: { dim } } } },
    ...(doc === undefined ? {} : { docString: doc }),
  });
}

/** A tensor stored in the model: a scalar for a number, one axis for a list. */
export function encodeTensor(name: string, dtype: DType | "int64", value: number | readonly number[]): TensorProto {
  const values = typeof value === "number" ? [value] : value;
  return create(TensorProtoSchema, {
    name,
    dims: typeof value === "number" ? [] : [BigInt(value.length)],
    dataType: elementType[dtype],
    rawData: rawData(dtype, values),
  });
}

const writers: {
  readonly [K in InputDType]: { readonly bytes: number; readonly write: (to: DataView, at: number, x: number) => void };
} = {
  float16: { bytes: 2, write: (to, at, x) => to.setUint16(at, halfBits(x), true) },
  float32: { bytes: 4, write: (to, at, x) => to.setFloat32(at, x, true) },
  float64: { bytes: 8, write: (to, at, x) => to.setFloat64(at, x, true) },
  int32: { bytes: 4, write: (to, at, x) => to.setInt32(at, x, true) },
  int64: { bytes: 8, write: (to, at, x) => to.setBigInt64(at, BigInt(x), true) },
  bool: { bytes: 1, write: (to, at, x) => to.setUint8(at, x === 0 ? 0 : 1) },
};

// raw_data is little-endian on every machine.
function rawData(dtype: InputDType, values: readonly number[]): Uint8Array<ArrayBuffer> {
  const { bytes, write } = writers[dtype];
  const data = new Uint8Array(values.length * bytes);
  const view = new DataView(data.buffer);
  values.forEach((value, i) => write(view, i * bytes, value));
  return data;
}
