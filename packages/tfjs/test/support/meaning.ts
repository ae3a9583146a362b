import {
  interpretNode,
  opTable,
  type DimSizes,
  type Node,
  type OpAttributes,
  type OpName,
  type TensorType,
} from "@losses/core";
import { plain, type Plain } from "./reference.js";

/** What an op gives by its definition. */
export function meaning<K extends OpName>(
  op: K,
  attrs: OpAttributes[K],
  operands: readonly Plain[],
  sizes: DimSizes = {},
): Plain {
  const infer = opTable[op].infer as (inputs: readonly TensorType[], attrs: OpAttributes[K]) => TensorType;
  const type = infer(operands, attrs);
  const node = { id: 0, op, attrs, inputs: operands.map((_, i) => i), ...type } as unknown as Node;
  const values = operands.map(({ shape, data }) => ({ shape, data: Float64Array.from(data) }));
  const { shape, data } = interpretNode(node, values, {}, sizes);
  return plain(shape, [...data], type.dtype as Plain["dtype"]);
}
