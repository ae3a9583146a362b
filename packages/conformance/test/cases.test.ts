import { spread } from "../src/spread.js";
import { defineLoss, float, list, reduction, sampleInputs, type AnyLoss } from "@losses/core";
import { describe, expect, it } from "vitest";
import {
  checkCase,
  createOracle,
  createReferenceBackend,
  parseCases,
  readCase,
  runCase,
  type Case,
  type CaseResult,
  type Fixture,
} from "../src/index.js";

const line =
  '{"id":"a","loss":"wganGeneratorLoss","inputs":[{"name":"fake","dtype":"float32","shape":[2],"data":[1,"NaN"]}]}';

function read(text: string): Case[] {
  return parseCases(text).flatMap((parsed) => ("read" in parsed ? [parsed.read] : []));
}

describe("parseCases", () => {
  it("takes an array, lines and a single object, with a byte order mark and blank lines", () => {
    expect(read(`[${line},\n${line}]`)).toHaveLength(2);
    expect(read(`\uFEFF\n${line}\r\n\n${line}\n`)).toHaveLength(2);
    expect(read(JSON.stringify(JSON.parse(line), null, 2))).toHaveLength(1);
    expect(parseCases(" \n")).toEqual([]);
  });

  it("decodes numbers that JSON lacks", () => {
    expect(read(line)[0]?.inputs[0]?.data).toEqual([1, Number.NaN]);
  });

  it("replaces what is no case by an error and goes on", () => {
    const [broken, whole, listed] = parseCases(`{"id":\n${line}\n{"id":"b","loss":"wganGeneratorLoss","inputs":{}}`);
    expect(broken).toMatchObject({ unreadable: { id: null, error: { class: "InputError" } } });
    expect(whole).toMatchObject({ read: { id: "a" } });
    expect(listed).toMatchObject({ unreadable: { id: "b" } });
  });
});

describe("runCase", () => {
  const reference = createReferenceBackend();
  const run = (change: Partial<Case>): Promise<CaseResult> => {
    const [base] = read(line);
    if (base === undefined) throw new Error("the line must be a case");
    return runCase(reference, { ...base, ...change });
  };

  it("gives value and the gradients that are asked for", async () => {
    const inputs = [{ name: "fake", dtype: "float32", shape: [2], data: [1, 3], grad: true }] as const;
    expect(await run({ inputs })).toEqual({
      id: "a",
      value: { shape: [], data: [-2] },
      grads: { fake: { shape: [2], data: [-0.5, -0.5] } },
      backend: "reference",
      device: "cpu",
    });
  });

  it("encodes what JSON lacks", async () => {
    expect(await run({})).toMatchObject({ value: { data: ["NaN"] }, grads: {} });
  });

  it.each([
    ["an unknown loss", { loss: "noLoss" }, "LossesError", "UNKNOWN_LOSS"],
    ["an unknown option", { options: { margin: 1 } }, "OptionError", "UNKNOWN_OPTION"],
    ["a missing input", { inputs: [] }, "InputError", "MISSING_INPUT"],
    [
      "an input given twice",
      {
        inputs: ["fake", "fake"].map((name) => ({
          name,
          dtype: "float32" as const,
          shape: [1],
          data: [1],
          grad: false,
        })),
      },
      "InputError",
      "INVALID_INPUT",
    ],
    [
      "data of the wrong length",
      { inputs: [{ name: "fake", dtype: "float32" as const, shape: [3], data: [1], grad: false }] },
      "ShapeError",
      "SHAPE_MISMATCH",
    ],
  ])("answers %s with a typed error", async (_, change, name, code) => {
    expect(await run(change)).toMatchObject({ id: "a", error: { class: name, code } });
  });
});

describe("cases of lists, weights of samples, masks and parts", () => {
  const scales = defineLoss({
    name: "scaled",
    inputs: { scores: list(float(["N"])), target: float(["N"]) },
    optionalInputs: { ...sampleInputs(["N"]) },
    options: { reduction: reduction("mean") },
    value: ({ scores, target }) => ({
      parts: Object.fromEntries(
        scores.map((score, i) => [`scale${i}`, { part: score.sub(target).square(), weight: i + 1 }]),
      ),
    }),
  });
  const losses = [scales as unknown as AnyLoss];
  const target = { name: "target", dtype: "float32", shape: [2], data: [0, 0], grad: true };
  const scored = {
    name: "scores",
    grad: true,
    list: [
      [1, 2],
      [3, 0],
    ].map((data) => ({ shape: [2], data })),
  };
  const weight = { name: "sampleWeight", dtype: "float32", shape: [2], data: [1, 3] };
  const mask = { name: "mask", dtype: "bool", shape: [2], data: [true, false] };
  const of = (more: object, ...inputs: readonly object[]): Case => {
    const parsed = readCase({ id: "a", loss: "scaled", inputs: [target, ...inputs], ...more });
    if ("unreadable" in parsed) throw new Error(parsed.unreadable.error.message);
    return parsed.read;
  };
  const run = (single: Case): Promise<CaseResult> => runCase(createReferenceBackend(), single, { losses });
  const scalar = (x: number): object => ({ shape: [], data: [x] });

  it("take a list as one input or by the names of its elements, and answer by those names", async () => {
    const whole = of({}, scored);
    expect(whole.inputs.map(({ name }) => name)).toEqual(["target", "scores.0", "scores.1"]);
    const byElement = of({}, ...whole.inputs.slice(1));
    expect(byElement).toEqual(whole);
    expect(await run(whole)).toMatchObject({
      value: scalar(2.5 + 2 * 4.5),
      grads: {
        target: { shape: [2], data: [-7, -2] },
        "scores.0": { shape: [2], data: [1, 2] },
        "scores.1": { shape: [2], data: [6, 0] },
      },
    });
  });

  it("give the gradients of single elements", async () => {
    const [first, second] = scored.list.map((element, i) => ({ ...element, name: `scores.${i}`, grad: i === 1 }));
    const result = await run(of({}, { ...first }, { ...second }));
    expect(Object.keys("grads" in result ? (result.grads ?? {}) : {}).sort()).toEqual(["scores.1", "target"]);
  });

  it("give the parts that are asked for", async () => {
    expect(await run(of({ parts: true }, scored))).toMatchObject({
      parts: { scale0: scalar(2.5), scale1: scalar(4.5) },
    });
    expect(await run(of({}, scored))).not.toHaveProperty("parts");
  });

  it("weigh samples and leave out what is masked", async () => {
    expect(await run(of({}, scored, weight))).toMatchObject({ value: scalar((1 + 12) / 4 + (2 * 9) / 4) });
    expect(await run(of({}, scored, mask))).toMatchObject({ value: scalar(1 + 2 * 9) });
    const none = { ...mask, data: [false, false] };
    expect(await run(of({}, scored, none))).toMatchObject({ value: { data: ["NaN"] } });
    expect(await run(of({ options: { empty: "zero" } }, scored, none))).toMatchObject({
      value: scalar(0),
      grads: { target: { data: [-0, -0] } },
    });
    expect(await run(of({ options: { empty: "error" } }, scored, none))).toMatchObject({
      error: { class: "InputError", code: "INVALID_INPUT" },
    });
  });

  it("refuse lists with holes, none, and lists of what is no list", async () => {
    const hole = { ...scored.list[0], name: "scores.1" };
    const extra = { name: "target.0", shape: [], data: [1] };
    const whole = { name: "scores", shape: [2], data: [1, 2] };
    const answers = await Promise.all(
      [[hole], [{ ...scored, list: [] }], [whole], [whole, scored], [scored, extra]].map((inputs) =>
        run(of({}, ...inputs)),
      ),
    );
    const codes = ["INVALID_INPUT", "MISSING_INPUT", "INVALID_INPUT", "INVALID_INPUT", "UNKNOWN_INPUT"];
    expect(answers).toMatchObject(codes.map((code) => ({ error: { class: "InputError", code } })));
    expect(readCase({ loss: "scaled", inputs: [{ name: "scores", list: 1 }] })).toMatchObject({
      unreadable: { error: { message: /must be an array of tensors, got 1/ } },
    });
  });

  it("are held to parts that are expected", async () => {
    const expected = { value: { shape: [], data: [11.5] }, grads: {}, parts: { scale0: { shape: [], data: [2.5] } } };
    const single = { ...of({ parts: true }, scored), expected };
    const fixture = { ...single, inputs: single.inputs.map((input) => ({ ...input, grad: false })) };
    const oracle = createOracle(losses);
    const problems = async (wrong: Fixture): Promise<readonly string[]> =>
      (await checkCase(wrong, "float64", run, oracle)).flatMap((part) => part.problems);
    expect(await problems(fixture)).toEqual([]);
    const off = { ...expected, parts: { scale0: { shape: [], data: [2.75] } } };
    expect((await problems({ ...fixture, id: "b", expected: off }))[0]).toMatch(/^part\(scale0\): expected 2.75/);
    const missing = { ...expected, parts: { scale2: { shape: [], data: [1] } } };
    expect(await problems({ ...fixture, id: "c", expected: missing })).toEqual([
      "part(scale2): expected one, got none",
    ]);
  });
});

it("some of many are spread over all of them, the ends among them", () => {
  const items = Array.from({ length: 10 }, (_, i) => i);
  expect(spread(items, 4)).toEqual([0, 3, 6, 9]);
  expect(spread(items, 1)).toEqual([0]);
  expect(spread(items, 10)).toBe(items);
});
