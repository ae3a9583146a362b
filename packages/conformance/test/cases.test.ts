import { describe, expect, it } from "vitest";
import { createReferenceBackend, parseCases, runCase, type Case, type CaseResult } from "../src/index.js";

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
