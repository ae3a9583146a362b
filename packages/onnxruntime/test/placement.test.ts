import { clipLoss, crossEntropy, OptionError } from "@losses/core";
import { expect, it } from "vitest";
import { createBackend, describePlacement, placement } from "../src/index.js";
import { testDevice } from "./device.js";

it("names the provider of every node; none but shape arithmetic runs elsewhere", async () => {
  const backend = await createBackend({ device: testDevice });
  const feeds = {
    input: [
      [1, 2, 3],
      [0, 1, 0],
    ],
    target: [2, 0],
  };
  const found = await placement(backend, crossEntropy(), feeds);
  expect(found.device).toBe(testDevice);
  expect(found.nodes.map((node) => node.op)).toContain("ReduceSum");
  expect(found.nodes.find((node) => node.op === "Shape")?.shapeArithmetic ?? true).toBe(true);
  expect(found.fallbacks).toEqual([]);
  if (testDevice === "cpu")
    expect(new Set(found.nodes.map((node) => node.provider))).toEqual(new Set(["CPUExecutionProvider"]));
  else expect(found.nodes.find((node) => node.op === "ReduceSum")?.provider).not.toBe("CPUExecutionProvider");
  const text = describePlacement(found);
  expect(text).toMatch(new RegExp(`^${testDevice}: \\w+ ran \\d+ nodes`));
  if (testDevice !== "cpu") expect(text).toContain("Nothing fell back to the processor.");
  await backend.dispose();
});

it("the description names what fell back", () => {
  const node = (op: string, provider: string) => ({ name: `${op}_1`, op, provider, shapeArithmetic: false });
  const [stayed, fell] = [node("Exp", "WebGpuExecutionProvider"), node("Or", "CPUExecutionProvider")];
  expect(describePlacement({ device: "webgpu", nodes: [stayed, stayed, fell], fallbacks: [fell] })).toBe(
    "webgpu: WebGpuExecutionProvider ran 2 nodes, CPUExecutionProvider ran 1 node. Or (Or_1) fell back to the processor.",
  );
});

it("refuses a backend that is not its own", async () => {
  const backend = await createBackend({ device: testDevice });
  await expect(placement({ ...backend }, clipLoss(), { image: [[1]], text: [[1]], logitScale: 1 })).rejects.toThrow(
    OptionError,
  );
  await backend.dispose();
});
