import { testBackend } from "@losses/conformance/vitest";
import { createBackend } from "@losses/onnxruntime";
import * as ort from "onnxruntime-web/webgpu";
import { fixtures } from "./fixtures.js";

for (const device of ["wasm", "webgpu"] as const) {
  await testBackend(() => createBackend({ runtime: "web", device, ort }), {
    id: `onnxruntime-web:${device}`,
    fixtures,
  });
}
