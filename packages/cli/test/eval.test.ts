import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { losses } from "./command.js";

const here = createRequire(import.meta.url);
const fixtures = join(dirname(here.resolve("@losses/conformance/package.json")), "fixtures");

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly (number | string)[];
}

interface Line {
  readonly id: string | null;
  readonly value?: Tensor;
  readonly grads?: Readonly<Record<string, Tensor>>;
  readonly error?: { readonly class: string; readonly code: string; readonly message: string };
  readonly backend?: string;
}

interface Golden {
  readonly id: string;
  readonly expected: Line & { readonly error?: string };
}

async function evaluate(input: string, ...args: readonly string[]): Promise<{ status: number | null; lines: Line[] }> {
  const { status, out } = await losses(["eval", ...args], { input });
  return {
    status,
    lines: out
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Line),
  };
}

const valid = {
  id: "a",
  loss: "wganGeneratorLoss",
  inputs: [{ name: "fake", dtype: "float32", shape: [2], data: [1, 3], grad: true }],
};

describe("losses eval", { timeout: 120_000 }, () => {
  it("gives parts by their names, and says what a mean over nothing is", async () => {
    const none = { name: "fake", dtype: "float32", shape: [0], data: [], grad: true };
    const terms = [
      { name: "wganGeneratorLoss", weight: 2 },
      { name: "wganGeneratorLoss", part: "sum", options: { reduction: "sum" }, weight: 1 },
    ];
    const cases = [
      { ...valid, loss: "weightedSum", options: { terms }, parts: true },
      ...["nan", "zero", "error"].map((empty) => ({ ...valid, options: { empty }, inputs: [none] })),
    ];
    const { status, lines } = await evaluate(JSON.stringify(cases), "--backend", "js:scalar");
    expect(status).toBe(0);
    expect(lines).toMatchObject([
      { value: { data: [-8] }, parts: { wganGeneratorLoss: { data: [-2] }, sum: { data: [-4] } } },
      { value: { data: ["NaN"] } },
      { value: { data: [0] }, grads: { fake: { shape: [0] } } },
      { error: { class: "InputError", code: "INVALID_INPUT" } },
    ]);
    expect(lines[1]).not.toHaveProperty("parts");
  });

  it.each(["klDiv", "crossEntropy", "vseLoss"])("gives the expected answers for the fixtures of %s", async (loss) => {
    const text = await readFile(join(fixtures, `${loss}.json`), "utf8");
    const cases = JSON.parse(text) as readonly Golden[];
    const { status, lines } = await evaluate(text, "--backend", "js:scalar", "--dtype", "float64");
    expect(status).toBe(0);
    expect(lines.map(({ id }) => id)).toEqual(cases.map(({ id }) => id));
    for (const [i, { id, expected }] of cases.entries()) {
      const line = lines[i];
      if (typeof expected.error === "string") expect(line?.error?.class, id).toBe(expected.error);
      else {
        expectClose(line?.value, expected.value, id);
        expect(Object.keys(line?.grads ?? {}).sort(), id).toEqual(Object.keys(expected.grads ?? {}).sort());
        for (const [name, grad] of Object.entries(expected.grads ?? {})) expectClose(line?.grads?.[name], grad, id);
        expect(line?.backend).toBe("js:scalar");
      }
    }
  });

  it("writes a line for each case, whatever is wrong with it; exit 1 if one could not be read", async () => {
    const input = ["\uFEFF", "", valid, "{broken", { ...valid, loss: "noLoss" }, { id: "c", loss: "klDiv" }, valid]
      .map((line) => (typeof line === "string" ? line : JSON.stringify(line)))
      .join("\n");
    const { status, lines } = await evaluate(input, "--backend", "js");
    expect(status).toBe(1);
    expect(lines).toMatchObject([
      { id: "a", value: { shape: [], data: [-2] }, grads: { fake: { data: [-0.5, -0.5] } }, backend: "js" },
      { id: null, error: { class: "InputError", message: expect.stringContaining("line 4") as string } },
      { id: "a", error: { code: "UNKNOWN_LOSS" } },
      { id: "c", error: { class: "InputError" } },
      { id: "a", value: {} },
    ]);
  });

  it("goes on after lines that are nested without end, whatever part of a case they are", async () => {
    const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
    const text = JSON.stringify(valid);
    const lines = [
      text,
      deep,
      text.replace('"inputs"', `"options":{"reduction":${deep}},"inputs"`),
      text.replace("[1,3]", deep),
      text.replace('"id":"a"', `"id":${deep}`),
      `{"loss":"weightedSum","inputs":[],"options":${'{"terms":[{"name":"weightedSum","weight":1,"options":'.repeat(9_000)}{}${"}]}".repeat(9_000)}}`,
      text,
    ];
    const { status, lines: answers } = await evaluate(lines.join("\n"), "--backend", "js");
    expect(status).toBe(1);
    expect(answers.map(({ error }) => error?.class ?? "value")).toEqual([
      "value",
      "InputError",
      "OptionError",
      "InputError",
      "value",
      "OptionError",
      "value",
    ]);
    expect(answers[5]?.error?.message).toMatch(/at most 32 deep/);
  });

  it("takes wrong losses, options and inputs as errors of the case: exit 0", async () => {
    const cases = [{ loss: "noLoss" }, { options: { margin: "Infinity" } }, { inputs: [] }, {}];
    const { status, lines } = await evaluate(
      JSON.stringify(cases.map((change) => ({ ...valid, ...change }))),
      "--backend",
      "js",
    );
    expect(status).toBe(0);
    expect(lines.map(({ error }) => error?.code)).toEqual([
      "UNKNOWN_LOSS",
      "UNKNOWN_OPTION",
      "MISSING_INPUT",
      undefined,
    ]);
  });

  it("reads a file, and leaves out gradients on request", async () => {
    const { status, lines } = await evaluate(
      "",
      join(fixtures, "wganGeneratorLoss.json"),
      "--backend",
      "js",
      "--no-grad",
    );
    expect(status).toBe(0);
    expect(lines.length).toBeGreaterThan(20);
    expect(lines.filter(({ grads }) => grads !== undefined)).toEqual([]);
  });

  it.each([
    ["a backend that does not exist", ["--backend", "jax"], 2, "the backend must be one of js, js:wasm, js:scalar"],
    ["a dtype that does not exist", ["--backend", "js", "--dtype", "float8"], 2, "--dtype must be one of"],
    ["a dtype that the backend lacks", ["--backend", "onnxruntime:cpu", "--dtype", "float64"], 2, "--dtype must be"],
    ["no backend", [], 2, "--backend"],
    ["a file that does not exist", ["none.jsonl", "--backend", "js"], 1, "none.jsonl"],
  ])("refuses %s", async (_, args, status, text) => {
    const { status: actual, out, err } = await losses(["eval", ...args]);
    expect([actual, out]).toEqual([status, ""]);
    expect(err).toContain(text);
  });
});

function expectClose(actual: Tensor | undefined, expected: Tensor | undefined, id: string): void {
  expect(actual?.shape, id).toEqual(expected?.shape);
  expected?.data.forEach((truth, i) => {
    const got = actual?.data[i];
    if (typeof truth !== "number" || typeof got !== "number") expect(got, id).toBe(truth);
    else expect(Math.abs(got - truth), `${id}[${i}]`).toBeLessThanOrEqual(1e-12 + 1e-10 * Math.abs(truth));
  });
}
