import { clipLoss, crossEntropy, OptionError } from "@losses/core";
import { expect, it } from "vitest";
import { createBackend, placement } from "../src/index.js";
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
  await backend.dispose();
});

it("refuses a backend that is not its own", async () => {
  const backend = await createBackend({ device: testDevice });
  await expect(placement({ ...backend }, clipLoss(), { image: [[1]], text: [[1]], logitScale: 1 })).rejects.toThrow(
    OptionError,
  );
  await backend.dispose();
});
