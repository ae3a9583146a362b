import { describe, expect, it } from "vitest";
import {
  BackendUnavailableError,
  binaryCrossEntropy,
  chooseBackend,
  crossEntropy,
  ctcLoss,
  defineSyncBackend,
  ganDiscriminatorLoss,
  marginRankingLoss,
  openBackend,
  OptionError,
  ShapeError,
  type BackendLoader,
  type ChooseBackendOptions,
} from "../src/index.js";
import { sampleFeeds } from "../src/run/sampleFeeds.js";
import { interpreterEngine } from "./support/interpreter.js";

const opened: string[] = [];
const loader = (id: string): BackendLoader => ({
  id,
  open: () => {
    opened.push(id);
    return defineSyncBackend({ ...interpreterEngine(), id });
  },
});
const absent = (id: string): BackendLoader => ({
  id,
  open: () => {
    throw new BackendUnavailableError(`${id}: there is no such device here.`);
  },
});
const loaders = [absent("cuda"), loader("fast"), loader("slow")];

describe("openBackend", () => {
  it("takes the first that works, and says why the others were not taken", async () => {
    const { id, backend, refused } = await openBackend(["cuda", "fast", "slow"], loaders);
    expect([id, backend.id]).toEqual(["fast", "fast"]);
    expect(refused).toEqual([{ id: "cuda", reason: "cuda: there is no such device here." }]);
  });

  it("takes a list from an environment variable, and loaders themselves", async () => {
    expect((await openBackend(" cuda, slow", loaders)).id).toBe("slow");
    expect((await openBackend([absent("x"), loader("y")])).id).toBe("y");
  });

  it.each<[string, unknown]>([
    ["no preferences", []],
    ["an empty variable", " , "],
    ["an unset variable", undefined],
    ["an unknown id", ["fast", "webgpu"]],
    ["no loader", [{ id: "fast" }]],
  ])("refuses %s before anything is opened", async (_, preferences) => {
    opened.length = 0;
    await expect(openBackend(preferences as string, loaders)).rejects.toThrow(OptionError);
    expect(opened).toEqual([]);
  });

  it("takes nothing that was not named", async () => {
    opened.length = 0;
    const failing = openBackend("cuda", loaders);
    await expect(failing).rejects.toThrow(
      new BackendUnavailableError(
        "openBackend: one of cuda must work here, got none. cuda: there is no such device here.",
        ["cuda: there is no such device here."],
      ),
    );
    expect(opened).toEqual([]);
  });

  it("refuses what opens as something else", async () => {
    const odd = { id: "odd", open: () => ({}) as never };
    const { refused } = await openBackend([odd, loader("fast")]);
    expect(refused[0]?.reason).toContain("the backend must have an id and a device");
  });
});

describe("chooseBackend", () => {
  const wrong: BackendLoader = {
    id: "wrong",
    open: () => {
      const engine = interpreterEngine();
      const twice = (data: ArrayLike<number | bigint>): Float64Array =>
        Float64Array.from(data as number[], (x) => 2 * x);
      return defineSyncBackend({
        ...engine,
        id: "wrong",
        download: (tensor) => {
          const host = engine.download(tensor);
          if (host instanceof Promise) throw new Error("the interpreter answers at once");
          return host.dtype === "int32" ? host : ({ ...host, data: twice(host.data) } as typeof host);
        },
      });
    },
  };
  const slow: BackendLoader = {
    id: "slow",
    open: () => {
      const engine = interpreterEngine();
      return defineSyncBackend({
        ...engine,
        id: "slow",
        download: async (tensor) => {
          await new Promise((done) => setTimeout(done, 20));
          return engine.download(tensor);
        },
      });
    },
  };
  const options: ChooseBackendOptions = {
    candidates: [slow, wrong, absent("cuda"), loader("fast")],
    spec: crossEntropy(),
    shapes: { input: [4, 3], target: [4] },
    for: "training",
    milliseconds: 100,
  };

  it("ranks what works and agrees, and says why the others are not there", async () => {
    const seen: string[] = [];
    const { ranking, refused } = await chooseBackend({ ...options, onProgress: ({ id }) => seen.push(id) });
    expect(ranking.map(({ id }) => id)).toEqual(["fast", "slow"]);
    expect(refused.map(({ id }) => id)).toEqual(["cuda", "wrong"]);
    expect(refused[1]?.reason).toContain("its results must be those of slow, got a difference of 1.0");
    expect(seen).toEqual(["slow", "wrong", "cuda", "fast"]);
    for (const { perCall, firstResult, calls, memory, difference } of ranking) {
      expect(perCall).toBeGreaterThan(0);
      expect(firstResult).toBeGreaterThan(perCall / 2);
      expect(calls).toBeGreaterThanOrEqual(1);
      expect(memory).toBeGreaterThanOrEqual(0);
      expect(difference).toBe(0);
    }
  });

  it.each<[string, object, new (message: string) => Error]>([
    ["no candidates", { candidates: [] }, OptionError],
    ["another purpose", { for: "inference" }, OptionError],
    ["a misspelt option", { candidate: [] }, OptionError],
    ["shapes that do not fit", { shapes: { input: [4, 3], target: [5] } }, ShapeError],
    ["a loss that is not called", { spec: crossEntropy }, OptionError],
  ])("refuses %s", async (_, change, error) => {
    await expect(chooseBackend({ ...options, ...change } as ChooseBackendOptions)).rejects.toThrow(error);
  });

  it("has numbers that losses with a domain take", async () => {
    for (const [spec, shapes] of [
      [binaryCrossEntropy(), { input: [8], target: [8] }],
      [marginRankingLoss(), { input1: [4], input2: [4], target: [4] }],
      [ganDiscriminatorLoss(), { real: [4], fake: [3] }],
    ] as const) {
      const own = { ...options, candidates: [loader("fast")], spec, shapes } as ChooseBackendOptions;
      expect((await chooseBackend({ ...own, milliseconds: 1 })).refused).toEqual([]);
    }
  });

  it("has lengths that fit their targets", () => {
    const shapes = { logProbs: [6, 2, 4], targets: [2, 3], inputLengths: [2], targetLengths: [2] };
    const feeds = sampleFeeds("test", ctcLoss(), shapes);
    const { data } = defineSyncBackend(interpreterEngine())
      .compileSync(ctcLoss())
      .valueSync(feeds as never);
    expect(Number.isNaN(data[0])).toBe(false);
  });
});
