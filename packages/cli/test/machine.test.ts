import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, vi } from "vitest";
import { describeMachine, nvidiaModels } from "../src/machine.js";

afterEach(() => {
  vi.unstubAllEnvs();
});

it("names the processor, and the Vulkan driver that somebody chose", () => {
  vi.stubEnv("VK_DRIVER_FILES", undefined);
  vi.stubEnv("VK_ICD_FILENAMES", undefined);
  expect(describeMachine()).toMatchObject({ platform: process.platform, processors: expect.stringMatching(/^\d+/) });
  expect(describeMachine()).not.toHaveProperty("vulkan");
  vi.stubEnv("VK_ICD_FILENAMES", "/usr/share/vulkan/icd.d/software.json:/opt/other.json");
  expect(describeMachine()["vulkan"]).toBe("software.json, other.json");
});

it("names NVIDIA's devices where their driver lists them", async () => {
  const folder = await mkdtemp(join(tmpdir(), "losses-"));
  await mkdir(join(folder, "0000:01:00.0"));
  await writeFile(join(folder, "0000:01:00.0", "information"), "Model: \t\t NVIDIA RTX 4090\nIRQ:   \t\t 12\n");
  expect(nvidiaModels(folder)).toEqual(["NVIDIA RTX 4090"]);
  expect(nvidiaModels(join(folder, "missing"))).toEqual([]);
  await rm(folder, { recursive: true });
});
