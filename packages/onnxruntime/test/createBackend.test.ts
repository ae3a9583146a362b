import { BackendUnavailableError, OptionError } from "@losses/core";
import ort from "onnxruntime-node";
import { expect, it } from "vitest";
import { createBackend, type Device } from "../src/index.js";

it("is onnxruntime:cpu by default", async () => {
  const backend = await createBackend();
  expect([backend.id, backend.device, backend.dtypes]).toEqual(["onnxruntime:cpu", "cpu", ["float32", "float16"]]);
  await backend.dispose();
});

it("takes the user's own module", async () => {
  const backend = await createBackend({ ort });
  expect(backend.id).toBe("onnxruntime:cpu");
  await backend.dispose();
});

it.each(["nonsense", "wasm", "CPU", "toString", ""])("refuses the unknown device %j", async (device) => {
  await expect(createBackend({ device: device as Device })).rejects.toThrow(OptionError);
});

it("refuses unknown options, an empty list and a foreign module", async () => {
  await expect(createBackend({ devices: "cpu" } as never)).rejects.toMatchObject({ code: "UNKNOWN_OPTION" });
  await expect(createBackend({ device: [] })).rejects.toThrow(OptionError);
  await expect(createBackend({ threads: 0 })).rejects.toThrow(OptionError);
  await expect(createBackend({ ort: { Tensor: Array } as never })).rejects.toThrow(OptionError);
});

it.runIf(process.platform === "linux")(
  "never computes elsewhere: an absent device is an error with reason and cure",
  async () => {
    for (const device of ["dml", "coreml"] as const) {
      const error = await createBackend({ device }).catch((cause: unknown) => cause);
      if (!(error instanceof BackendUnavailableError)) throw new Error(`${device} must be unavailable`);
      expect(error.reasons).toHaveLength(1);
      expect(error.message).toContain(`onnxruntime:${device}`);
      expect(error.reasons[0]).toMatch(/backend not found.* only/s);
    }
  },
);

it.runIf(process.platform === "linux")(
  "tries a list in order and says what it became; collects every reason",
  async () => {
    const backend = await createBackend({ device: ["dml", "cpu"] });
    expect(backend.device).toBe("cpu");
    await backend.dispose();
    const error = await createBackend({ device: ["dml", "coreml"] }).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(BackendUnavailableError);
    expect((error as BackendUnavailableError).reasons).toHaveLength(2);
  },
);

it("says how to install a runtime that is missing", async () => {
  const error = await createBackend({ runtime: "web" }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(BackendUnavailableError);
  expect((error as BackendUnavailableError).message).toContain("npm install onnxruntime-web");
});

it("leaves results on the device only where it can", async () => {
  await expect(createBackend({ outputs: "gpu" as never })).rejects.toThrow(/option outputs must be "host" or "device"/);
  const error: unknown = await createBackend({ device: "webgpu", outputs: "device" }).catch((cause: unknown) => cause);
  expect(error).toBeInstanceOf(BackendUnavailableError);
  expect((error as BackendUnavailableError).message).toContain("onnxruntime-node cannot leave results on webgpu");
  // The memory of the processor is JavaScript's.
  await (await createBackend({ outputs: "device" })).dispose();
});
