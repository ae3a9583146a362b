import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import type { Worker as WorkerThread } from "node:worker_threads";
import {
  BackendUnavailableError,
  clipLoss,
  crossEntropy,
  defineSyncBackend,
  float,
  InputError,
  LossesError,
  OptionError,
  type LossSpec,
  type SyncBackend,
  type Tensor,
} from "@losses/core";
import { findFeatures, type Run, type ThreadTeam } from "@losses/wasm";
import { afterEach, describe, expect, it, vi } from "vitest";
import { createBackend, createBackendSync, type JsTensor } from "../src/index.js";
import { wasmEngine } from "../src/wasm/engine.js";
import { eagerTeam, functionOf, numbers } from "./support.js";

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

type Bits = Readonly<Record<string, string>>;

type Result = { readonly value: JsTensor; readonly grads: Readonly<Record<string, JsTensor | undefined>> };

function bitsOf(backend: SyncBackend<JsTensor>, spec: LossSpec, feeds: Readonly<Record<string, unknown>>): Bits {
  return bitsIn(backend.compileSync(spec).valueAndGradSync(feeds as never) as Result);
}

/** What all bits of the value and the gradients come to. */
function bitsIn({ value, grads }: Result): Bits {
  const all = Object.entries({ value, ...grads }).flatMap(([name, tensor]) => {
    if (tensor === undefined) return [];
    return [[name, createHash("sha256").update(tensor.data).digest("hex")] as const];
  });
  return Object.fromEntries(all);
}

function narrow(
  shape: readonly number[],
  seed: number,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  return { data: Float32Array.from(numbers(shape, seed).data), shape };
}

const sums = functionOf({ x: float(["N", "D"], "x") }, ({ x }) => {
  const given = x as Tensor;
  return given.sub(given.amax(0, true)).exp().sum(0, true).add(given.square().sum()).add(given.amin(0, true)).sum();
});

const cases: readonly (readonly [string, LossSpec, Readonly<Record<string, unknown>>])[] = [
  ["sums over rows and over all", sums, { x: narrow([301, 77], 1) }],
  [
    "cross entropy",
    crossEntropy(),
    { input: narrow([257, 131], 1), target: Int32Array.from({ length: 257 }, (_, i) => i % 131) },
  ],
  ["products", clipLoss(), { image: narrow([130, 33], 1), text: narrow([130, 33], 2), logitScale: 3 }],
];

/** A team whose caller is so slow that the others do most, and how much they did. */
async function slowCaller(threads: number): Promise<{ readonly team: ThreadTeam; readonly done: { others: number } }> {
  const team = await eagerTeam(threads);
  const done = { others: 0 };
  const pause = new Int32Array(new SharedArrayBuffer(4));
  const prepare: ThreadTeam["prepare"] = (module) => {
    const shared = team.prepare(module);
    const run: typeof shared.run = (job) => {
      const slow: Run = (table, from, to, share, shares) => {
        // Odd steps bring shares together.
        if (from % 2 === 0 && shares > 1) {
          Atomics.wait(pause, 0, 0, 20);
          done.others -= 1;
        }
        job.run(table, from, to, share, shares);
      };
      done.others += threads * job.plan.filter(({ isShared }) => isShared).length;
      shared.run({ ...job, run: slow });
    };
    return { ...shared, run };
  };
  return { team: { ...team, prepare }, done };
}

describe.each([2, 3])("%d threads", (threads) => {
  it.each(cases)("%s: have the same bits in every run, whoever does which share", async (_, spec, feeds) => {
    const backend = defineSyncBackend(wasmEngine(findFeatures(), await eagerTeam(threads)));
    const first = bitsOf(backend, spec, feeds);
    for (let i = 0; i < 20; i++) expect(bitsOf(backend, spec, feeds)).toEqual(first);
    const { team, done } = await slowCaller(threads);
    const slow = defineSyncBackend(wasmEngine(findFeatures(), team));
    expect(bitsOf(slow, spec, feeds)).toEqual(first);
    expect(done.others).toBeGreaterThan(0);
    await Promise.all([backend.dispose(), slow.dispose()]);
  });
});

/** A team made by a thread that may not wait, as that of a page. */
async function pageTeam(threads: number): Promise<ThreadTeam> {
  const wait = vi.spyOn(Atomics, "wait").mockImplementation(() => {
    throw new TypeError("Atomics.wait cannot be called in this context");
  });
  const team = await eagerTeam(threads);
  wait.mockRestore();
  return team;
}

describe("threads of a page, whose own may not wait", () => {
  it.each(cases)("%s: have the same bits as others, now and later", async (_, spec, feeds) => {
    const there = defineSyncBackend(wasmEngine(findFeatures(), await eagerTeam(2)));
    const backend = defineSyncBackend(wasmEngine(findFeatures(), await pageTeam(2)));
    const wanted = bitsOf(there, spec, feeds);
    expect(bitsOf(backend, spec, feeds)).toEqual(wanted);
    const loss = await backend.compile(spec);
    const all = Array.from({ length: 5 }, () => loss.valueAndGrad(feeds as never));
    // A call that is answered at once comes in between.
    expect(bitsOf(backend, spec, feeds)).toEqual(wanted);
    for (const result of await Promise.all(all)) expect(bitsIn(result)).toEqual(wanted);
    await Promise.all([there.dispose(), backend.dispose()]);
  });

  it("compute similarities in strips", { timeout: 120_000 }, async () => {
    const feeds = { image: narrow([3000, 4], 1), text: narrow([3000, 4], 2), logitScale: 3 };
    const [there, page] = [await eagerTeam(2), await pageTeam(2)].map((team) =>
      defineSyncBackend(wasmEngine(findFeatures(), team)),
    );
    const wanted = bitsOf(there as SyncBackend<JsTensor>, clipLoss(), feeds);
    const loss = await page?.compile(clipLoss());
    expect(bitsIn((await loss?.valueAndGrad(feeds)) as never)).toEqual(wanted);
    await Promise.all([there?.dispose(), page?.dispose()]);
  });

  it("leave the thread of the page to others in the meantime, and keep what is released", async () => {
    const team = await pageTeam(2);
    let shares = 0;
    const prepare: ThreadTeam["prepare"] = (module) => {
      const shared = team.prepare(module);
      const counting = (job: Parameters<typeof shared.run>[0]): typeof job => {
        const run: Run = (...step) => {
          if (step[4] > 1) shares += 1;
          job.run(...step);
        };
        return { ...job, run };
      };
      return {
        run: (job) => shared.run(counting(job)),
        runLater: async (job) => await shared.runLater?.(counting(job)),
      };
    };
    const backend = defineSyncBackend(wasmEngine(findFeatures(), { ...team, prepare }));
    const [input, target] = [backend.tensor(narrow([2000, 500], 1)), backend.tensor(new Int32Array(2000))];
    const loss = await backend.compile(crossEntropy());
    const wanted = bitsIn(loss.valueAndGradSync({ input, target }));
    expect(shares).toBeGreaterThan(0);
    shares = 0;
    const result = loss.valueAndGrad({ input, target });
    backend.release(input);
    backend.release(target);
    const other = backend.tensor(narrow([2000, 500], 9));
    expect(bitsIn(await result)).toEqual(wanted);
    expect(shares).toBe(0);
    expect(() => input.data).toThrow("a tensor must not be used after its release");
    backend.release(other);
    await backend.dispose();
  });

  it("that end make the calls under way fail, and those after them", async () => {
    const { made: team, workers } = await withWorkers(() => pageTeam(2));
    const loss = await defineSyncBackend(wasmEngine(findFeatures(), team)).compile(crossEntropy());
    const feeds = { input: narrow([4000, 1000], 1), target: new Int32Array(4000) };
    const running = Promise.allSettled([loss.valueAndGrad(feeds), loss.valueAndGrad(feeds)]);
    await Promise.all(workers.map((worker) => worker.terminate()));
    for (const { status } of await running) expect(status).toBe("rejected");
    await expect(loss.value(feeds)).rejects.toThrow("js:wasm: each thread must answer, got one that does not");
  });

  it("that are closed let no call wait for them", async () => {
    const team = await pageTeam(2);
    const loss = await defineSyncBackend(wasmEngine(findFeatures(), team)).compile(crossEntropy());
    const feeds = { input: narrow([4000, 1000], 1), target: new Int32Array(4000) };
    const running = loss.valueAndGrad(feeds);
    // It is under way.
    await Promise.resolve();
    team.close();
    await expect(running).rejects.toThrow("got one that does not: it was ended. Make a new backend.");
  });
});

describe("the option threads", () => {
  const feeds = { input: narrow([4096, 64], 1), target: new Int32Array(4096) };

  it("gives what one thread gives, within rounding", async () => {
    const [one, two] = [createBackendSync({ engine: "wasm" }), await createBackend({ threads: 2 })];
    const [a, b] = [one, two].map((backend) => backend.compileSync(crossEntropy()).valueAndGradSync(feeds));
    expect(b?.value.data[0]).toBeCloseTo(a?.value.data[0] ?? NaN, 5);
    expect(b?.grads.input?.data).toEqual(a?.grads.input?.data);
    await two.dispose();
  });

  it("leaves the memory to results as arrays of their own", async () => {
    const backend = await createBackend({ engine: "wasm", threads: 2 });
    const x = backend.tensor(Float32Array.of(1, 2));
    expect(x.data.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(backend.readSync(x).data.buffer).toBeInstanceOf(ArrayBuffer);
    const { value, grads } = backend.compileSync(crossEntropy()).valueAndGradSync(feeds);
    for (const { data } of [value, ...Object.values(grads)]) expect(data.buffer).toBeInstanceOf(ArrayBuffer);
    await backend.dispose();
  });

  it("knows its memory under views from before it grew", async () => {
    const backend = await createBackend({ engine: "wasm", threads: 2 });
    const loss = backend.compileSync(sums);
    const x = backend.tensor(narrow([3, 4], 1));
    const alias = createBackendSync({ engine: "scalar" }).tensor({ data: x.data, shape: [3, 4] });
    expect(alias.data.buffer).toBe(x.data.buffer);
    backend.tensor(new Float32Array(2 ** 22));
    expect(alias.data.buffer).not.toBe(x.data.buffer);
    expect(alias.data).toEqual(x.data);
    const run = (): unknown => loss.valueAndGradSync({ x }, { out: { grads: { x: alias } } });
    expect(run).toThrow(InputError);
    await backend.dispose();
  });

  it("refuses what is no number of threads, and what has one thread only", async () => {
    for (const threads of [0, 1.5, 65, "2"]) {
      await expect(createBackend({ threads: threads as number })).rejects.toThrow(OptionError);
    }
    await expect(createBackend({ engine: "scalar", threads: 2 })).rejects.toThrow(
      "js: threads must be 1 with the engine scalar, got 2. Use the engine wasm.",
    );
    expect(() => createBackendSync({ threads: 2 } as object)).toThrow(
      "js: threads must be 1 for createBackendSync, got 2. Await createBackend: workers take time to start.",
    );
    expect(createBackendSync({ threads: 1 } as object).id).toBe("js");
  });

  it("says why there can be none, and what to do", async () => {
    vi.stubGlobal("SharedArrayBuffer", undefined);
    await expect(createBackend({ threads: 2 })).rejects.toThrow(BackendUnavailableError);
    await expect(createBackend({ threads: 2 })).rejects.toThrow(/Cross-Origin-Opener-Policy: same-origin/);
    vi.unstubAllGlobals();
    // Not the whole process: vitest, which takes turns with this test, would leave the real one without nextTick.
    vi.spyOn(process, "getBuiltinModule").mockReturnValue(undefined as never);
    await expect(createBackend({ threads: 2 })).rejects.toThrow("2 threads must work here, got: there are no workers.");
  });
});

/** Teams whose workers can be reached. */
async function withWorkers<T>(
  make: () => Promise<T>,
): Promise<{ readonly made: T; readonly workers: readonly WorkerThread[] }> {
  const threads = process.getBuiltinModule("node:worker_threads");
  const workers: WorkerThread[] = [];
  class Worker extends threads.Worker {
    constructor(...given: ConstructorParameters<typeof threads.Worker>) {
      super(...given);
      workers.push(this);
    }
  }
  const real = process.getBuiltinModule.bind(process);
  vi.spyOn(process, "getBuiltinModule").mockImplementation(((name: string) =>
    name === "node:worker_threads" ? { ...threads, Worker } : real(name as "fs")) as typeof process.getBuiltinModule);
  return { made: await make(), workers };
}

it("threads end when nobody holds their backend", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const { workers } = await withWorkers(async () => {
    const backend = await createBackend({ threads: 2 });
    (await backend.compile(crossEntropy())).valueSync({ input: narrow([4096, 128], 1), target: new Int32Array(4096) });
  });
  let ended = 0;
  for (const worker of workers) worker.on("exit", () => (ended += 1));
  await vi.waitFor(
    () => {
      collect();
      expect(ended).toBe(1);
    },
    { timeout: 30_000 },
  );
});

describe("a worker that dies", () => {
  const [, spec, feeds] = cases[1] as (typeof cases)[number];

  it("is an error of every call from then on, and not a hang", async () => {
    const { made: team, workers } = await withWorkers(() => eagerTeam(3));
    const backend = defineSyncBackend(wasmEngine(findFeatures(), team));
    const loss = backend.compileSync(spec);
    loss.valueAndGradSync(feeds as never);
    await workers[0]?.terminate();
    for (let i = 0; i < 2; i++) {
      expect(() => loss.valueAndGradSync(feeds as never)).toThrow(LossesError);
      expect(() => loss.valueAndGradSync(feeds as never)).toThrow(
        "js:wasm: each thread must answer, got one that does not: it has ended. Make a new backend.",
      );
    }
    await backend.dispose();
  });

  it("just before a call is done without, or is an error of it", async () => {
    const { made: team, workers } = await withWorkers(() => eagerTeam(2));
    const loss = defineSyncBackend(wasmEngine(findFeatures(), team)).compileSync(spec);
    const wanted = loss.valueSync(feeds as never).data[0];
    void workers[0]?.terminate();
    // Whether it takes a share with it is chance.
    let got: unknown;
    try {
      got = loss.valueSync(feeds as never).data[0];
    } catch (cause) {
      expect((cause as Error).message).toContain("js:wasm: each thread must answer, got one that does not");
      got = wanted;
    }
    expect(got).toBe(wanted);
    team.close();
  });
});

it("a process ends by itself, whatever its threads have done", () => {
  const root = fileURLToPath(new URL("..", import.meta.url));
  const code = `
    import { createBackend } from "@losses/js";
    import { crossEntropy } from "@losses/core";
    const backend = await createBackend({ threads: 3 });
    const loss = await backend.compile(crossEntropy());
    const { value } = await loss.valueAndGrad({ input: { data: new Float32Array(4096 * 64), shape: [4096, 64] }, target: new Int32Array(4096) });
    console.log(value.data[0]);
  `;
  const { status, stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", code], {
    cwd: root,
    encoding: "utf8",
    timeout: 30_000,
  });
  expect(stderr).toBe("");
  expect(status).toBe(0);
  expect(Number(stdout)).toBeCloseTo(Math.log(64), 5);
});
