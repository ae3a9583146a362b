import type { Device } from "../src/index.js";

const names: readonly Device[] = ["cpu", "webgpu", "cuda", "dml", "coreml"];
const wanted = process.env["LOSSES_ORT_DEVICE"] ?? "cpu";

/** The device that the tests run on: `LOSSES_ORT_DEVICE`, else the processor. */
export const testDevice: Device = names.find((name) => name === wanted) ?? "cpu";
if (testDevice !== wanted) throw new Error(`LOSSES_ORT_DEVICE must be one of ${names.join(", ")}, got ${wanted}`);
