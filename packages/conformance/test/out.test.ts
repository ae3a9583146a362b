import { allLosses, inputOf, specFromJSON, type Backend, type HostTensor } from "@losses/core";
import { createBackend as createJs } from "@losses/js";
import { createBackend as createOnnxRuntime } from "@losses/onnxruntime";
import { afterAll, describe, expect, it } from "vitest";
import { feedsOf } from "../src/cases/runCase.js";
import { loadFixtures, type Fixture } from "../src/index.js";
import { spread } from "../src/spread.js";

/** A few cases of every loss, empty batches among them. */
const fixtures = loadFixtures().filter(({ expected }) => !("error" in expected));
const names = [...new Set(fixtures.map(({ loss }) => loss))];
const casesOf = (loss: string): readonly Fixture[] => {
  const own = fixtures.filter((fixture) => fixture.loss === loss);
  const empty = own.filter(({ inputs }) => inputs.some(({ data }) => data.length === 0));
  return [...spread(own, 4), ...empty.slice(0, 1)];
};

const backends: readonly [string, () => Promise<Backend<unknown>>][] = [
  ["js:scalar", () => createJs({ engine: "scalar" })],
  ["js:wasm", () => createJs({ engine: "wasm" })],
  ["onnxruntime:cpu", () => createOnnxRuntime({ device: "cpu" })],
];

describe.each(backends)("%s writes results into tensors that hold something else", (_, create) => {
  let made: Promise<Backend<unknown>> | undefined;
  afterAll(async () => (await made)?.dispose());

  it.each(names)("%s", async (name) => {
    const backend = await (made ??= create());
    for (const fixture of casesOf(name)) await same(backend, fixture);
  });
});

async function same(backend: Backend<unknown>, fixture: Fixture): Promise<void> {
  const spec = specFromJSON(allLosses, { name: fixture.loss, options: fixture.options });
  const loss = await backend.compile(spec);
  const wrt = [...new Set(fixture.inputs.filter(({ grad }) => grad).map(({ name }) => inputOf(name)))];
  const feeds = feedsOf(fixture, spec);
  const wanted = await loss.valueAndGrad(feeds, { wrt });
  const full = async (tensor: unknown): Promise<unknown> => {
    const { data, shape } = await backend.read(tensor);
    return backend.tensor({ data: new Float32Array(data.length).fill(1234.5), shape });
  };
  const grads: Record<string, unknown> = {};
  for (const [input, tensor] of Object.entries(wanted.grads)) {
    grads[input] = Array.isArray(tensor) ? await Promise.all(tensor.map(full)) : await full(tensor);
  }
  const value = await full(wanted.value);
  const written = await loss.valueAndGrad(feeds, { wrt, out: { value, grads } });
  expect(written.value).toBe(value);
  expect(await backend.read(value), fixture.id).toEqual(await backend.read(wanted.value));
  for (const [input, tensor] of Object.entries(wanted.grads)) {
    const all = (given: unknown): readonly unknown[] => (Array.isArray(given) ? given : [given]);
    const own = all(grads[input]);
    all(written.grads[input]).forEach((one, i) => expect(one).toBe(own[i]));
    const read = (given: unknown): Promise<HostTensor[]> => Promise.all(all(given).map((one) => backend.read(one)));
    expect(await read(own), `${fixture.id}: ${input}`).toEqual(await read(tensor));
  }
}
