import { crossEntropy } from "@losses/core";
import { testBackend } from "@losses/conformance/vitest";
import { createBackend } from "@losses/onnxruntime";
import * as ort from "onnxruntime-web/webgpu";
import { expect, it } from "vitest";
import { fixtures } from "./fixtures.js";

for (const device of ["wasm", "webgpu"] as const) {
  await testBackend(() => createBackend({ runtime: "web", device, ort }), {
    id: `onnxruntime-web:${device}`,
    fixtures,
  });

  it(`onnxruntime-web:${device}: calls at once do not disturb each other`, { timeout: 60_000 }, async () => {
    const backend = await createBackend({ runtime: "web", device, ort });
    const [sum, mean] = [
      await backend.compile(crossEntropy({ reduction: "sum" })),
      await backend.compile(crossEntropy()),
    ];
    const values = await Promise.all(
      Array.from({ length: 12 }, async (_, i) => {
        const n = i + 1;
        const input = { data: new Float32Array(n * 4), shape: [n, 4] };
        const { value } = await (i % 2 === 0 ? sum : mean).valueAndGrad({ input, target: new Int32Array(n) });
        return (await backend.read(value)).data[0];
      }),
    );
    values.forEach((value, i) => expect(value).toBeCloseTo(Math.log(4) * (i % 2 === 0 ? i + 1 : 1), 4));
    await backend.dispose();
  });
}
