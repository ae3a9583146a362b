import { allLosses, inputOf, specFromJSON, type PlainTensor, type SyncBackend } from "@losses/core";
import { createBackendSync, type JsTensor } from "@losses/js";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { beforeAll, describe, expect, it } from "vitest";
import { feedsOf } from "../src/cases/runCase.js";
import { loadFixtures, type Fixture } from "../src/index.js";

/** Calls of each loss. More of them find smaller leaks: `LOSSES_ENDURANCE_CALLS=10000` takes a quarter of an hour. */
const calls = Number(process.env["LOSSES_ENDURANCE_CALLS"] ?? 100);
/** Calls of each before that, until code is optimised and tables have their size. */
const firstCalls = 2 * calls;

const fixtures = loadFixtures().filter(({ expected }) => !("error" in expected));
const names = [...new Set(fixtures.map(({ loss }) => loss))];

/** The smallest case of a loss that is of something. */
function smallest(name: string): Fixture {
  const elements = ({ inputs }: Fixture): number => inputs.reduce((sum, { data }) => sum + data.length, 0);
  const own = fixtures.filter(({ loss, inputs }) => loss === name && inputs.every(({ data }) => data.length > 0));
  const [first] = own.sort((a, b) => elements(a) - elements(b));
  if (first === undefined) throw new RangeError(`${name} has no case`);
  return first;
}

type Given<T> = T | readonly T[];

/** A tensor, or each of a list of them. */
function mapGiven<A, B>(given: Given<A>, change: (one: A) => B): Given<B> {
  return Array.isArray(given) ? (given as readonly A[]).map(change) : change(given as A);
}

/** Calls of a loss: on plain data, and on tensors made for the call. All that they make is released. */
function callsOf(backend: SyncBackend<JsTensor>, fixture: Fixture): readonly (() => void)[] {
  const spec = specFromJSON(allLosses, { name: fixture.loss, options: fixture.options });
  const loss = backend.compileSync(spec);
  const wrt = [...new Set(fixture.inputs.filter(({ grad }) => grad).map(({ name }) => inputOf(name)))];
  const given: readonly (readonly [string, Given<PlainTensor>])[] = Object.entries(feedsOf(fixture, spec));
  const release = (tensor: JsTensor): void => backend.release(tensor);
  const call = (feeds: Readonly<Record<string, PlainTensor | JsTensor>>): void => {
    const { value, grads } = loss.valueAndGradSync(feeds, { wrt });
    release(value);
    for (const gradient of Object.values<Given<JsTensor> | undefined>(grads)) {
      if (gradient !== undefined) mapGiven(gradient, release);
    }
  };
  const own = (): readonly (readonly [string, Given<JsTensor>])[] =>
    given.map(([name, feed]) => [name, mapGiven(feed, (tensor) => backend.tensor(tensor))]);
  return [
    () => call(Object.fromEntries(given) as Readonly<Record<string, PlainTensor>>),
    () => {
      const made = own();
      call(Object.fromEntries(made) as Readonly<Record<string, JsTensor>>);
      for (const [, feed] of made) mapGiven(feed, release);
    },
  ];
}

describe.each(["wasm", "scalar"] as const)(`memory over ${calls} calls of each loss with the engine %s`, (engine) => {
  const backend = createBackendSync({ engine });
  const losses = new Map<string, readonly (() => void)[]>();
  const repeat = (count: number): void => {
    for (const own of losses.values()) for (let i = 0; i < count; i++) own[i % own.length]?.();
  };
  const settings: { gc: () => void } = { gc: () => undefined };
  const heapUsed = async (): Promise<number> => {
    // Finalisers run between turns.
    for (let i = 0; i < 3; i++) {
      settings.gc();
      await new Promise((done) => setTimeout(done));
    }
    return process.memoryUsage().heapUsed;
  };

  beforeAll(
    () => {
      setFlagsFromString("--expose-gc");
      settings.gc = runInNewContext("gc") as () => void;
      for (const name of names) losses.set(name, callsOf(backend, smallest(name)));
      repeat(firstCalls);
    },
    120_000 + 500 * firstCalls,
  );

  it("is flat, and holds no tensor afterwards", { timeout: 60_000 + 500 * calls }, async () => {
    const memory = backend.tensor(Float32Array.of(0));
    const bytes = memory.data.buffer.byteLength;
    const before = await heapUsed();
    repeat(calls);
    const after = await heapUsed();
    console.log(
      `${engine}: ${names.length} losses, ${calls} calls each: ${after - before} bytes more, memory ${bytes} bytes`,
    );
    expect(after - before).toBeLessThan(2 ** 20);
    if (engine === "scalar") return;
    expect(memory.data.buffer.byteLength).toBe(bytes);
    backend.release(memory);
    // All but the first piece is free again, in one piece.
    const all = backend.tensor(new Float32Array((bytes - 128) / 4));
    expect(all.data.buffer.byteLength).toBe(bytes);
  });
});
