import { create, toBinary } from "@bufbuild/protobuf";
import { OptionError, printValue, ShapeError, sizeOf, type InputDType, type Shape } from "@losses/core";
import { irVersion, opset as ownOpset } from "./buildModel.js";
import { readModelParts } from "./checkModel.js";
import { encodeNode, encodeTensor, encodeValue, type AttributeValue } from "./format.js";
import {
  GraphProtoSchema,
  ModelProtoSchema,
  OperatorSetIdProtoSchema,
  type NodeProto,
  type TensorProto,
} from "./generated/onnx_pb.js";

/** A named input or output of a model; symbols in its shape become symbolic dimensions. */
export interface ModelValue {
  readonly name: string;
  readonly dtype: InputDType;
  readonly shape: Shape;
}

/** One ONNX node: its op, the names of what it reads (`""` leaves an optional operand out) and of what it computes. */
export interface ModelNode {
  readonly opType: string;
  readonly inputs: readonly string[];
  readonly outputs: readonly string[];
  readonly attributes?: Readonly<Record<string, AttributeValue>>;
}

/** A constant stored in a model. */
export interface ModelTensor {
  readonly name: string;
  readonly dtype: InputDType;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** An ONNX model as plain lists. */
export interface ModelParts {
  readonly inputs: readonly ModelValue[];
  readonly outputs: readonly ModelValue[];
  /** In an order in which each node comes after those it reads from. */
  readonly nodes: readonly ModelNode[];
  readonly initializers?: readonly ModelTensor[];
  /** The operator set of the nodes. Default: the one that the losses are exported with. */
  readonly opset?: number;
  /** The name of the graph. Default `"model"`. */
  readonly name?: string;
}

/**
 * Writes a model of your own: ONNX nodes as plain lists in, the bytes of a `.onnx` file out. The nodes are taken as they are;
 * a runtime says what is wrong with them.
 *
 * @throws ShapeError if the data of a constant does not fill its shape; OptionError on what is no part of a model
 * @example
 * ```ts
 * const bytes = writeModel({
 *   inputs: [{ name: "x", dtype: "float32", shape: ["N"] }],
 *   outputs: [{ name: "y", dtype: "float32", shape: ["N"] }],
 *   nodes: [{ opType: "Exp", inputs: ["x"], outputs: ["y"] }],
 * });
 * ```
 */
export function writeModel(parts: ModelParts): Uint8Array {
  const { inputs, outputs, nodes, initializers = [], opset = ownOpset, name = "model" } = readModelParts(parts);
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(irVersion),
    opsetImport: [create(OperatorSetIdProtoSchema, { domain: "", version: BigInt(opset) })],
    producerName: "@losses/onnx",
    graph: create(GraphProtoSchema, {
      name,
      node: nodes.map(encodeModelNode),
      initializer: initializers.map(encodeConstant),
      input: inputs.map((value) => encodeValue(value.name, value.dtype, value.shape)),
      output: outputs.map((value) => encodeValue(value.name, value.dtype, value.shape)),
    }),
  });
  return toBinary(ModelProtoSchema, model);
}

function encodeModelNode({ opType, inputs, outputs, attributes = {} }: ModelNode): NodeProto {
  return encodeNode({ opType, inputs, outputs, attributes });
}

function encodeConstant({ name, dtype, shape, data }: ModelTensor): TensorProto {
  const size = sizeOf(shape);
  if (size !== data.length) {
    throw new ShapeError(`writeModel: ${printValue(name)} must have ${size} elements, got ${data.length}.`);
  }
  const wrong = data.find((item) => !isOf(dtype, item));
  if (wrong !== undefined) {
    throw new OptionError(`writeModel: the data of ${printValue(name)} must be of ${dtype}, got ${wrong} in it.`);
  }
  const tensor = encodeTensor(name, dtype, data);
  tensor.dims = shape.map(BigInt);
  return tensor;
}

/** True for what a dtype can hold; floats round. */
function isOf(dtype: InputDType, item: number): boolean {
  if (dtype === "int64") return Number.isSafeInteger(item);
  if (dtype === "int32") return Object.is(item, item | 0);
  return dtype !== "bool" || item === 0 || item === 1;
}
