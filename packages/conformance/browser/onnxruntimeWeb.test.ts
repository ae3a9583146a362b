import { clipLoss, crossEntropy } from "@losses/core";
import { testBackend } from "@losses/conformance/vitest";
import { createBackend } from "@losses/onnxruntime";
import * as ort from "onnxruntime-web/webgpu";
import { expect, it } from "vitest";
import { casesAtMost, fixtures } from "./fixtures.js";

for (const device of ["wasm", "webgpu"] as const) {
  await testBackend(() => createBackend({ runtime: "web", device, ort }), {
    id: `onnxruntime-web:${device}`,
    fixtures,
    // Node.js runs the same models on the processor.
    atMost: casesAtMost(device === "wasm" ? 1 : 2),
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

it(
  "onnxruntime-web:webgpu: results stay on the device on request, and are taken and written there",
  { timeout: 60_000 },
  async () => {
    const device = await createBackend({ runtime: "web", device: "webgpu", ort, outputs: "device" });
    const host = await createBackend({ runtime: "web", device: "webgpu", ort });
    const features = { data: Float32Array.from({ length: 12 }, (_, i) => Math.sin(i)), shape: [3, 4] };
    const feeds = { image: features, text: features, logitScale: 2 };
    const [there, here] = [await device.compile(clipLoss()), await host.compile(clipLoss())];
    const [far, near] = [await there.valueAndGrad(feeds), await here.valueAndGrad(feeds)];
    const { image } = far.grads;
    if (image === undefined || near.grads.image === undefined) throw new Error("no gradient");
    expect([far.value.location, image.location]).toEqual(["gpu-buffer", "gpu-buffer"]);
    expect([near.value.location, near.grads.image.location]).toEqual(["cpu", "cpu"]);
    const gradient = (await host.read(near.grads.image)).data;
    expect((await device.read(image)).data).toEqual(gradient);

    const fed = await there.value({ ...feeds, image });
    const same = await here.value({ ...feeds, image: { data: gradient as Float32Array, shape: [3, 4] } });
    expect((await device.read(fed)).data).toEqual((await host.read(same)).data);

    const unread = (await there.valueAndGrad(feeds)).grads.text;
    const other = await here.valueAndGrad({ ...feeds, logitScale: 3 });
    const { image: rows, text: columns } = other.grads;
    if (unread === undefined || rows === undefined || columns === undefined) throw new Error("no gradient");
    // Reading has moved the one to JavaScript memory, the other is on the device.
    const out = { grads: { image, text: unread } };
    const written = await there.valueAndGrad({ ...feeds, logitScale: 3 }, { out });
    expect([written.grads.image === image, written.grads.text === unread]).toEqual([true, true]);
    expect([image.location, unread.location]).toEqual(["cpu", "gpu-buffer"]);
    expect((await device.read(image)).data).toEqual((await host.read(rows)).data);
    expect((await device.read(unread)).data).toEqual((await host.read(columns)).data);

    for (const tensor of [far.value, image, fed]) device.release(tensor);
    await Promise.all([device.dispose(), host.dispose()]);
  },
);

it("onnxruntime-web:wasm: results are written into tensors that are given", async () => {
  const backend = await createBackend({ runtime: "web", device: "wasm", ort });
  const loss = await backend.compile(crossEntropy());
  const feeds = { input: [[1, 2, 3]], target: [0] };
  const wanted = await loss.valueAndGrad(feeds);
  const input = backend.tensor({ data: Float32Array.of(7, 7, 7), shape: [1, 3] });
  const { grads } = await loss.valueAndGrad(feeds, { out: { grads: { input } } });
  expect(grads.input).toBe(input);
  expect((await backend.read(input)).data).toEqual(wanted.grads.input?.data);
  await backend.dispose();
});
