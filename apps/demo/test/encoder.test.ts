import { describe, expect, it } from "vitest";
import { pictureFeatures } from "../src/data/picture.js";
import { readText } from "../src/data/textFeatures.js";
import { createEncoder } from "../src/model/encoder.js";
import { dense, logSoftmaxRows, normalizeRows, type Forward } from "../src/model/layers.js";
import { addProduct, transpose } from "../src/model/matrix.js";
import { createParameter, type Parameter } from "../src/model/parameter.js";
import { createRandom, normal } from "../src/random.js";
import { createSlot, rolled, scores, stacked } from "../src/training/sources.js";

const random = createRandom(11);
const noise = (length: number): Float32Array => Float32Array.from({ length }, () => normal(random));
const dot = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((sum, x, i) => sum + x * (b[i] ?? 0), 0);

/** d(f · weights)/d values[i] by central differences, for each i. */
function numeric(values: Float32Array, at: readonly number[], f: () => number, step: number = 1e-2): number[] {
  return at.map((i) => {
    const kept = values[i] ?? 0;
    values[i] = kept + step;
    const above = f();
    values[i] = kept - step;
    const below = f();
    values[i] = kept;
    return (above - below) / (2 * step);
  });
}

function expectClose(actual: readonly number[], expected: readonly number[], tolerance: number = 2e-2): void {
  const size = Math.max(...expected.map(Math.abs), 1e-3);
  actual.forEach((x, i) => expect(Math.abs(x - (expected[i] ?? 0)) / size).toBeLessThan(tolerance));
}

describe("addProduct", () => {
  it.each([
    [1, 1, 1],
    [3, 5, 2],
    [4, 8, 4],
    [7, 6, 9],
  ])("multiplies (%i, %i) by (.., %i), the left operand either way round", (rows, inner, columns) => {
    const [left, right] = [noise(rows * inner), noise(inner * columns)];
    const expected = Array.from({ length: rows * columns }, (_, at) => {
      const [i, j] = [Math.floor(at / columns), at % columns];
      return Array.from({ length: inner }, (_unused, k) => k).reduce(
        (sum, k) => sum + (left[i * inner + k] ?? 0) * (right[k * columns + j] ?? 0),
        1,
      );
    });
    for (const [operand, turned] of [
      [left, false],
      [transpose(left, rows, inner), true],
    ] as const) {
      const out = new Float32Array(rows * columns).fill(1);
      addProduct(out, operand, right, { rows, inner, columns }, turned);
      expectClose([...out], expected, 1e-5);
    }
  });
});

describe("layers", () => {
  const cases: readonly (readonly [string, (x: Float32Array) => Forward])[] = [
    ["normalizeRows", (x) => normalizeRows(x, 4)],
    ["logSoftmaxRows", (x) => logSoftmaxRows(x, 4)],
    ["dense", (x) => dense(x, 3, denseWeight, denseBias)],
  ];
  const denseWeight = createParameter(4, 5, random, { spread: 1 });
  const denseBias = createParameter(1, 5, random, { spread: 1 });
  it.each(cases)("%s: the gradient of the input is that of finite differences", (_, layer) => {
    const input = noise(12);
    const weights = noise(layer(input).output.length);
    const gradient = layer(input).backward(weights);
    const at = [...input.keys()];
    expectClose(
      [...gradient],
      numeric(input, at, () => dot(layer(input).output, weights)),
    );
  });
});

describe("encoder", () => {
  const texts = [readText("red apple"), readText("红苹果, 水果")];
  const pictures = noise(2 * pictureFeatures).map(Math.abs);

  it.each([true, false])(
    "both towers' parameters get the gradient of finite differences (normalised: %s)",
    (normalized) => {
      const encoder = createEncoder(createRandom(2), normalized);
      const weights = noise(encoder.encodeTexts(texts).output.length);
      const value = (): number =>
        dot(encoder.encodePictures(pictures, 2).output, weights) + dot(encoder.encodeTexts(texts).output, weights);
      encoder.encodePictures(pictures, 2).backward(weights);
      encoder.encodeTexts(texts).backward(weights);
      for (const parameter of encoder.parameters) {
        const at = strongest(parameter, 4);
        const analytic = at.map((i) => parameter.gradient[i] ?? 0);
        expect(Math.max(...analytic.map(Math.abs))).toBeGreaterThan(0);
        expectClose(analytic, numeric(parameter.value, at, value, 2e-3), 5e-2);
      }
    },
  );

  function strongest({ gradient }: Parameter, count: number): number[] {
    return [...gradient.keys()].sort((a, b) => Math.abs(gradient[b] ?? 0) - Math.abs(gradient[a] ?? 0)).slice(0, count);
  }
});

describe("sources", () => {
  it("send the gradient back to the rows that it came from", () => {
    const slot = createSlot(noise(6), 3);
    const source = stacked([rolled(slot, [0, 1]), rolled(slot, [2])]);
    const weights = noise(18);
    source.accept?.(weights);
    const value = (): number => dot(stacked([rolled(slot, [0, 1]), rolled(slot, [2])]).tensor.data, weights);
    expectClose([...slot.gradient], numeric(slot.value, [0, 1, 2, 3, 4, 5], value));
  });

  it("scores reach both towers", () => {
    const [image, text] = [createSlot(noise(6), 3), createSlot(noise(6), 3)];
    const weights = noise(18);
    scores(image, text, 2).accept?.(weights);
    for (const slot of [image, text]) {
      const expected = numeric(slot.value, [0, 1, 2, 3, 4, 5], () => dot(scores(image, text, 2).tensor.data, weights));
      expectClose([...slot.gradient], expected);
    }
  });
});
