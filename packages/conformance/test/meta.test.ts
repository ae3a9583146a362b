import {
  allLosses,
  BackendUnavailableError,
  defineLoss,
  findLoss,
  float,
  reduction,
  type AnyLoss,
  type Backend,
  type HostTensor,
  type Tensor,
} from "@losses/core";
import { describe, expect, it } from "vitest";
import {
  compareTensor,
  createReferenceBackend,
  loadFixtures,
  runConformance,
  selectBackends,
  type Bounded,
  type Candidate,
  type ConformanceOptions,
  type Fixture,
  type KnownFailure,
  type Report,
} from "../src/index.js";
import { spread } from "../src/spread.js";
import { covers } from "../src/suite/select.js";
import { matches } from "../src/suite/knownFailures.js";

const all = loadFixtures();
const fixtures = ["tripletMarginLoss", "vseLoss"].flatMap((name) =>
  spread(
    all.filter(({ loss }) => loss === name),
    100,
  ),
);

type Change = (backend: Backend<HostTensor>) => Backend<HostTensor>;

function candidate(change: Change = (backend) => backend): Candidate {
  return { id: "reference", create: async () => change(createReferenceBackend()) as Backend<unknown> };
}

function run(change?: Change, options: ConformanceOptions = {}): Promise<Report> {
  return runConformance([candidate(change)], { fixtures, knownFailures: [], dtypes: ["float32"], ...options });
}

/** A backend whose results are changed before anybody reads them. */
function reading(change: (tensor: HostTensor) => HostTensor): Change {
  return (backend) => ({ ...backend, read: async (tensor) => change(await backend.read(tensor)) });
}

function changed(tensor: HostTensor, f: (x: number) => number): HostTensor {
  return { ...tensor, data: Float64Array.from(tensor.data, f) };
}

describe("the runner passes", { timeout: 180_000 }, () => {
  it("of so many cases of each loss, and knows that what did not run is not out of date", async () => {
    const [first, second] = fixtures;
    if (first === undefined || second === undefined) throw new Error("there must be two cases");
    const stale: KnownFailure = { backend: "*", case: "none", reason: "gone", link: "https://example.org" };
    const report = await run(undefined, { atMost: 2, knownFailures: [stale] });
    const ids = new Map<string, number>();
    for (const { loss, part, cases } of report.rows) {
      if (part !== "gradient") ids.set(loss, (ids.get(loss) ?? 0) + cases);
    }
    expect([...ids]).toEqual([
      ["tripletMarginLoss", 2],
      ["vseLoss", 2],
    ]);
    expect(report.problems).toEqual([]);
    const whole = await run(undefined, { fixtures: [first, second], atMost: 2, knownFailures: [stale] });
    expect(whole.problems.join("\n")).toContain("none");
  });

  it("a backend that is right, and counts what it checked", async () => {
    const report = await run();
    expect(report.problems).toEqual([]);
    const value = report.rows.find(({ loss, part }) => loss === "vseLoss" && part === "value");
    expect(value).toMatchObject({ backend: "reference", device: "cpu", dtype: "float32", failures: [] });
    expect(value?.cases).toBeGreaterThan(50);
    expect(report.rows.map(({ part }) => part).sort()).toEqual([
      "error",
      "error",
      "gradient",
      "gradient",
      "value",
      "value",
    ]);
  });
});

describe("the runner fails", { timeout: 180_000 }, () => {
  it("a backend that is off by 1e-4", async () => {
    const report = await run(reading((tensor) => changed(tensor, (x) => x * (1 + 1e-4))));
    expect(report.problems.join("\n")).toMatch(
      /tripletMarginLoss\/\S+ \[reference float32\]\n\s+value: expected \S+, got \S+, allowed ±/,
    );
    expect(report.problems.join("\n")).toMatch(/grad\(anchor\)\[\d+\]: expected/);
  });

  it("NaN for a number and a number for NaN", async () => {
    const some = fixtures.filter(({ id }) => id.includes("empty") || id.includes("-4x3"));
    const toNumber = await run(
      reading((tensor) => changed(tensor, (x) => (Number.isNaN(x) ? 0 : x))),
      { fixtures: some },
    );
    expect(toNumber.problems.join("\n")).toContain("expected NaN, got 0");
    const toNaN = await run(
      reading((tensor) => changed(tensor, () => Number.NaN)),
      { fixtures: some },
    );
    expect(toNaN.problems.join("\n")).toContain(", got NaN");
  });

  it("a wrong shape", async () => {
    const report = await run(reading((tensor) => ({ ...tensor, shape: [...tensor.shape, 1] })));
    expect(report.problems.join("\n")).toContain("value: expected shape [], got [1]");
  });

  it("a gradient that is missing", async () => {
    const report = await run((backend) => ({
      ...backend,
      compile: async (spec, options) => {
        const loss = await backend.compile(spec, options);
        return {
          ...loss,
          valueAndGrad: async (feeds, wrt) => {
            const { value, grads } = await loss.valueAndGrad(feeds, wrt);
            const kept = Object.entries(grads).filter(([name]) => name !== "positive");
            return { value, grads: Object.fromEntries(kept) as typeof grads };
          },
        };
      },
    }));
    expect(report.problems.join("\n")).toContain("grad(positive): expected one, got none");
  });

  it("errors that are swallowed, of another class, or of other words", async () => {
    const refused = fixtures.filter(({ expected }) => "error" in expected);
    const failing = async (raise: (error: Error) => never): Promise<string> => {
      const report = await run(
        (backend) => ({
          ...backend,
          compile: async (spec, options) => {
            const loss = await backend.compile(spec, options);
            return {
              ...loss,
              value: (feeds) => loss.value(feeds).catch(raise),
              valueAndGrad: (feeds, wrt) => loss.valueAndGrad(feeds, wrt).catch(raise),
            };
          },
        }),
        { fixtures: refused },
      );
      return report.problems.join("\n");
    };
    expect(
      await failing((error) => {
        throw new TypeError(error.message);
      }),
    ).toContain("expected ShapeError, got TypeError");
    expect(
      await failing((error) => {
        error.message = "no";
        throw error;
      }),
    ).toContain('got "no"');
    const swallowed = await run(undefined, { fixtures: refused.map((one) => ({ ...one, ...acceptable(one) })) });
    expect(swallowed.problems.join("\n")).toMatch(/expected \w+Error, got a result/);
  });

  it("a known failure that matches nothing or passes, and only those", async () => {
    const entry: KnownFailure = { backend: "ref*", case: "vseLoss/*", reason: "it is", link: "https://example.org" };
    const passing = await run(undefined, { knownFailures: [entry] });
    expect(passing.problems.join("\n")).toContain('{ backend: "ref*", case: "vseLoss/*" } is out of date: vseLoss/');
    const nothing = await run(undefined, { knownFailures: [{ ...entry, case: "noLoss/*" }] });
    expect(nothing.problems).toEqual(['known failure { backend: "ref*", case: "noLoss/*" } matches no case.']);
    const elsewhere = await run(undefined, { knownFailures: [{ ...entry, backend: "other" }] });
    expect(elsewhere.problems).toEqual([]);
  });

  it("but not a failure that is known", async () => {
    const [one] = fixtures.filter(({ expected }) => "value" in expected);
    if (one === undefined) throw new Error("there must be a fixture");
    const known: KnownFailure[] = (["value", "gradient"] as const).map((part) => ({
      backend: "reference",
      case: one.id,
      part,
      reason: "all wrong",
      link: "https://example.org",
    }));
    const wrong = reading((tensor) => changed(tensor, (x) => x + 1));
    const report = await run(wrong, { fixtures: [one], knownFailures: known });
    expect(report.problems).toEqual([]);
    expect(report.rows[0]?.failures[0]).toMatchObject({ case: one.id, known: "all wrong" });
  });

  it("a loss that takes the other subgradient at a kink, there and nowhere else", async () => {
    const right = findLoss(allLosses, "marginRankingLoss");
    const { definition } = right;
    const value = ({ input1, input2, target }: Record<string, Tensor>, { margin }: { margin: number }): Tensor =>
      // relu has derivative 0 at 0, where PyTorch's clamp_min passes the gradient.
      present(input2).sub(present(input1)).mul(present(target)).add(margin).relu();
    const wrong = defineLoss({ ...definition, value } as never) as unknown as AnyLoss;
    const cases = loadFixtures().filter(({ loss }) => loss === "marginRankingLoss");
    const report = await run(undefined, { fixtures: cases, losses: [wrong] });
    const failing = report.rows.flatMap(({ part, failures }) => failures.map((one) => ({ part, id: one.case })));
    // At NaN, too: there relu passes the gradient and clamp_min does not. One case of random inputs has two that are equal.
    const kinks = cases.filter(({ id }) => /\/(boundary-|nan-input$|sampled-weight-mean$)|nan-in-/.test(id));
    expect(kinks.length).toBeGreaterThan(0);
    expect(failing.map(({ id }) => id)).toEqual(kinks.map(({ id }) => id));
    expect(new Set(failing.map(({ part }) => part))).toEqual(new Set(["gradient"]));
  });

  it("a loss of which nothing is claimed, and names its cases and the reason", async () => {
    const vague = (name: string, value: (x: Tensor) => Tensor): AnyLoss =>
      defineLoss({
        name,
        summary: "",
        formula: "",
        inputs: { x: float(["N"], "") },
        options: { reduction: reduction("none") },
        value: ({ x }) => value(x),
      }) as unknown as AnyLoss;
    const losses = [
      // e⁰ - 1 is 0 give or take: its logarithm is anything.
      vague("openLoss", (x) => x.exp().sub(1).log()),
      // e⁹⁰ is out of float32's range, and its square root in it.
      vague("rangeLoss", (x) => x.exp().sqrt()),
      vague("knownLoss", (x) => x.exp()),
    ];
    const single = (loss: string, x: number, y: number): Fixture => ({
      id: `${loss}/four`,
      loss,
      options: {},
      inputs: [{ name: "x", dtype: "float32", shape: [4], data: [x, x, x, x], grad: false }],
      expected: { value: { shape: [4], data: [y, y, y, y] }, grads: {} },
    });
    const cases = [
      single("openLoss", 0, -Infinity),
      single("rangeLoss", 90, Math.exp(45)),
      single("knownLoss", 1, Math.E),
    ];
    const report = await run(undefined, { fixtures: cases, losses });
    expect(report.problems).toEqual([
      "reference float32: openLoss: at most 1.00 % of the elements may be without a claim because rounding leaves them open, got 100.00 % of 4: openLoss/four (4 of 4).",
      "reference float32: rangeLoss: at most 2.00 % of the elements may be without a claim because they are beyond the dtype's range, got 100.00 % of 4: rangeLoss/four (4 of 4).",
    ]);
    expect(report.unclaimed).toEqual([
      { backend: "reference", dtype: "float32", elements: 12, rounding: 1 / 3, range: 1 / 3 },
    ]);
  });

  it("a number beyond the side on which something is claimed", () => {
    const open: Bounded = {
      shape: [],
      dtype: "float32",
      value: Float64Array.of(1e39),
      low: Float64Array.of(3e38),
      high: Float64Array.of(Infinity),
      nan: Uint8Array.of(0),
      error: Float64Array.of(Infinity),
    };
    const compared = (got: number): readonly string[] => {
      const [expected, actual] = [1e39, got].map((x) => ({ shape: [], data: [x] }));
      if (expected === undefined || actual === undefined) throw new Error("there must be two");
      return compareTensor("value", expected, actual, open, "float64").discrepancies.map(({ message }) => message);
    };
    expect([compared(Infinity), compared(3.1e38)]).toEqual([[], []]);
    expect(compared(5)).toEqual(["value: expected 1e+39, got 5, allowed ≥ 3e+38"]);
    expect(compared(Number.NaN)).toEqual(["value: expected 1e+39, got NaN, allowed ≥ 3e+38"]);
  });

  it("without cases, and with a case twice", async () => {
    await expect(run(undefined, { fixtures: [] })).rejects.toThrow("there must be cases to run, got none");
    await expect(run(undefined, { fixtures: [...fixtures, ...fixtures.slice(0, 1)] })).rejects.toThrow(
      "must be unique",
    );
  });

  it("when a required backend, or every backend, does not work here", async () => {
    const missing: Candidate = {
      id: "gpu",
      create: () => Promise.reject(new BackendUnavailableError("gpu: no device.", ["no driver"])),
    };
    const options = { fixtures: fixtures.slice(0, 3), knownFailures: [] };
    const optional = await runConformance([candidate(), missing], options);
    expect(optional.problems).toEqual([]);
    expect(optional.unavailable).toEqual([{ backend: "gpu", required: false, reason: "no driver" }]);
    const required = await runConformance([candidate(), { ...missing, required: true }], options);
    expect(required.problems).toEqual(["gpu is required here: no driver"]);
    const alone = await runConformance([missing], options);
    expect(alone.problems).toEqual(["No backend worked here: nothing was checked."]);
  });

  it("when a registered loss has no fixtures", async () => {
    const old = findLoss(allLosses, "wganGeneratorLoss");
    const added: AnyLoss = Object.assign((options?: Readonly<Record<string, unknown>>) => old(options), {
      lossName: "newLoss",
      definition: { ...old.definition, name: "newLoss" },
    });
    const missing: Candidate = {
      id: "gpu",
      create: () => Promise.reject(new BackendUnavailableError("gpu: no device.", ["no driver"])),
    };
    const { problems } = await runConformance([missing], { losses: [...allLosses, added], knownFailures: [] });
    expect(problems).toContain("newLoss has no fixtures.");
  });
});

describe("selecting backends", () => {
  const ids = ["js", "js:scalar", "tfjs:cpu", "tfjs:wasm"];

  it("follows LOSSES_BACKENDS and LOSSES_REQUIRE, families included", () => {
    const selection = selectBackends(ids, { LOSSES_BACKENDS: "tfjs, js:scalar", LOSSES_REQUIRE: "tfjs:wasm" });
    expect(ids.filter(selection.takes)).toEqual(["js:scalar", "tfjs:cpu", "tfjs:wasm"]);
    expect(ids.filter(selection.requires)).toEqual(["tfjs:wasm"]);
    expect(ids.filter(selectBackends(ids, {}).takes)).toEqual(ids);
  });

  it("refuses a name that no backend bears", () => {
    expect(() => selectBackends(ids, { LOSSES_REQUIRE: "tfjs:gpu" })).toThrow("LOSSES_REQUIRE: names must be among");
  });

  it("does not take one id for another that begins alike", () => {
    expect([covers("onnxruntime", "onnxruntime-web:wasm"), covers("onnxruntime", "onnxruntime:cpu")]).toEqual([
      false,
      true,
    ]);
    expect([matches("a*c", "abc"), matches("a.c", "abc"), matches("a", "ab")]).toEqual([true, false, false]);
  });
});

function present(tensor: Tensor | undefined): Tensor {
  if (tensor === undefined) throw new Error("the input must be given");
  return tensor;
}

/** A call that is fine, in place of one that must be refused: any valid case of the same loss. */
function acceptable(refused: Fixture): Pick<Fixture, "options" | "inputs"> {
  const valid = fixtures.find(({ loss, expected }) => loss === refused.loss && "value" in expected);
  return { options: valid?.options ?? {}, inputs: valid?.inputs ?? [] };
}
