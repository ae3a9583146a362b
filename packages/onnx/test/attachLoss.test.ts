import { create, toBinary } from "@bufbuild/protobuf";
import { clipLoss, crossEntropy, InputError, LossesError, ShapeError, type Graph } from "@losses/core";
import { expect, it } from "vitest";
import { OperatorSetIdProtoSchema, ModelProtoSchema } from "../src/generated/onnx_pb.js";
import { attachLoss, exportGraph } from "../src/index.js";
import { decode, metadata, signature } from "./decode.js";

const linear: Graph = {
  name: "linear",
  nodes: [
    {
      id: 0,
      op: "input",
      inputs: [],
      attrs: { name: "x", shape: ["B", 4], dtype: "float32" },
      shape: ["B", 4],
      dtype: "float32",
    },
    {
      id: 1,
      op: "input",
      inputs: [],
      attrs: { name: "w", shape: [4, 3], dtype: "float32" },
      shape: [4, 3],
      dtype: "float32",
    },
    { id: 2, op: "matmul", inputs: [0, 1], attrs: {}, shape: ["B", 3], dtype: "float32" },
  ],
  outputs: [{ name: "logits", node: 2 }],
};
const mapping = { input: "logits" };

function withOpset(version: bigint): Uint8Array {
  const { model } = decode(exportGraph(linear));
  model.opsetImport = [create(OperatorSetIdProtoSchema, { domain: "", version })];
  return toBinary(ModelProtoSchema, model);
}

it("adds the loss, its gradient and the inputs it lacks; the model's own stay", () => {
  const { model, graph } = decode(attachLoss(exportGraph(linear), crossEntropy(), { mapping, gradients: true }));
  expect(graph.input.map(signature)).toEqual(["x: 1[B, 4]", "w: 1[4, 3]", "target: 6[B]"]);
  expect(graph.output.map(signature)).toEqual(["logits: 1[B, 3]", "value: 1[]", "grad:input: 1[B, 3]"]);
  expect(graph.node[0]?.opType).toBe("MatMul");
  expect(metadata(model)["losses.name"]).toBe("crossEntropy");
});

it("labels may be int64, and gradients left out", () => {
  const bytes = attachLoss(exportGraph(linear), crossEntropy(), { mapping, inputs: { target: { dtype: "int64" } } });
  const { graph } = decode(bytes);
  expect(graph.input.map(signature)).toContain("target: 7[B]");
  expect(graph.output.map(signature)).toEqual(["logits: 1[B, 3]", "value: 1[]"]);
});

it("follows the model's operator set: axes of ReduceMax are an operand from 18 on", () => {
  const reduceMax = (version: bigint) =>
    decode(attachLoss(withOpset(version), crossEntropy(), { mapping })).graph.node.find(
      ({ opType }) => opType === "ReduceMax",
    );
  expect(reduceMax(17n)?.input).toHaveLength(1);
  expect(reduceMax(18n)?.input).toHaveLength(2);
});

it("keeps what it does not know of a model", () => {
  // Field 20 (training_info) of the model, empty: it is not part of our schema.
  const bytes = Uint8Array.of(...exportGraph(linear), 0xa2, 0x01, 0x00);
  const attached = attachLoss(bytes, crossEntropy(), { mapping });
  expect(Array.from(attached).join()).toContain("162,1,0");
});

it("refuses what does not fit", () => {
  const model = exportGraph(linear);
  expect(() => attachLoss(model, crossEntropy(), { mapping: { input: "probabilities" } })).toThrow(InputError);
  expect(() => attachLoss(model, crossEntropy(), { mapping: { logits: "logits" } as never })).toThrow(InputError);
  expect(() => attachLoss(withOpset(14n), crossEntropy(), { mapping })).toThrow(/operator set 15 or later, got 14/);
  expect(() => attachLoss(Uint8Array.of(1, 2, 3), crossEntropy(), { mapping })).toThrow(LossesError);
  const twice = attachLoss(model, crossEntropy(), { mapping });
  expect(() => attachLoss(twice, crossEntropy(), { mapping })).toThrow(/named target/);
  expect(() => attachLoss(model, clipLoss(), { mapping: { logitScale: "logits" } })).toThrow(ShapeError);
});
