import { runInNewContext } from "node:vm";
import { describe, expect, it } from "vitest";
import { ShapeError } from "../src/errors.js";
import { readPlain, toHost } from "../src/run/host.js";

/** What a loss gets to see of a given value. */
function read(value: unknown): { data: number[]; shape: readonly number[]; dtype: string } {
  const plain = readPlain("input", value);
  const dtype = plain.dtype === "int32" || plain.dtype === "int64" ? "int32" : "float64";
  return {
    data: Array.from(toHost("input", plain, dtype).data as Float64Array),
    shape: plain.shape,
    dtype: plain.dtype,
  };
}

const rows = [new Float32Array([2, 1, 0]), new Float32Array([0, 3, 1])];
const matrix = { data: [2, 1, 0, 0, 3, 1], shape: [2, 3] };

describe("what people hand in", () => {
  it.each<[string, unknown, string]>([
    ["a list of typed arrays", rows, "float32"],
    ["lists and typed arrays", [[2, 1, 0], new Float32Array([0, 3, 1])], "untyped"],
    ["typed arrays of two classes", [rows[0], new Float64Array([0, 3, 1])], "untyped"],
    [
      "bigints",
      [
        [2n, 1n, 0n],
        [0n, 3n, 1n],
      ],
      "untyped",
    ],
    [
      "an array of another realm",
      { data: runInNewContext("new Float32Array([2, 1, 0, 0, 3, 1])"), shape: [2, 3] },
      "float32",
    ],
    ["a tensor with dims", { data: new Float32Array(matrix.data), dims: [2, 3], type: "float32" }, "float32"],
    ["a Uint32Array", { data: new Uint32Array(matrix.data), shape: [2, 3] }, "int32"],
    ["a BigUint64Array", { data: BigUint64Array.from(matrix.data, BigInt), shape: [2, 3] }, "int64"],
    [
      "a transposed view",
      { data: new Float32Array([2, 0, 1, 3, 0, 1]), shape: [2, 3], stride: [1, 2], offset: 0 },
      "float32",
    ],
    [
      "a view with an offset",
      { data: new Float32Array([9, 2, 1, 0, 0, 3, 1]), shape: [2, 3], strides: [3, 1], offset: 1 },
      "float32",
    ],
    [
      "a reversed view",
      { data: new Float32Array([1, 3, 0, 0, 1, 2]), shape: [2, 3], stride: [-3, -1], offset: 5 },
      "float32",
    ],
    ["Fortran order", { data: new Float32Array([2, 0, 1, 3, 0, 1]), shape: [2, 3], fortranOrder: true }, "float32"],
    ["a strided list", { data: [2, 0, 1, 3, 0, 1], shape: [2, 3], stride: [1, 2] }, "untyped"],
    [
      "C order, said",
      { data: new Float32Array(matrix.data), shape: [2, 3], strides: [3, 1], offset: 0, fortranOrder: false },
      "float32",
    ],
  ])("%s is read as it is meant", (_, given, dtype) => {
    expect(read(given)).toEqual({ ...matrix, dtype });
  });

  it("booleans are zeros and ones", () => {
    expect(read([true, false])).toEqual({ data: [1, 0], shape: [2], dtype: "untyped" });
  });

  it("a repeated row takes no memory of its own", () => {
    expect(read({ data: [1, 2], shape: [3, 2], stride: [0, 1] })).toMatchObject({ data: [1, 2, 1, 2, 1, 2] });
  });

  it("rows without elements, and no rows", () => {
    expect(read([new Float32Array(0), new Float32Array(0)])).toMatchObject({ data: [], shape: [2, 0] });
    expect(read({ data: [], shape: [0, 3], stride: [1, 7], offset: 4 })).toMatchObject({ data: [], shape: [0, 3] });
  });

  it("memory is not copied where it lies in order", () => {
    const data = new Float32Array(matrix.data);
    expect(readPlain("input", { data, shape: [2, 3], stride: [3, 1], offset: 0 }).data).toBe(data);
  });

  const { Float16Array } = globalThis as { Float16Array?: new (items: readonly number[]) => ArrayBufferView };

  // Node.js has it from 24 on.
  it.runIf(Float16Array !== undefined)("a Float16Array gives its bits", () => {
    const given = Float16Array === undefined ? undefined : new Float16Array([1, -2]);
    const plain = readPlain("input", given);
    expect(plain).toMatchObject({ data: Uint16Array.of(0x3c00, 0xc000), dtype: "float16" });
    expect(Array.from(toHost("input", plain, "float32").data as Float32Array)).toEqual([1, -2]);
  });

  it("a tensor with dims lies in order, whatever its methods are called", () => {
    const tensor = { data: new Float32Array([1, 2]), dims: [2, 1], type: "float32", stride: () => [1, 1] };
    expect(read(tensor)).toEqual({ data: [1, 2], shape: [2, 1], dtype: "float32" });
  });

  it.each<[string, unknown, RegExp]>([
    ["past the end", { data: [1, 2, 3], shape: [2, 2], stride: [2, 1] }, /within its 3 elements/],
    ["before the start", { data: [1, 2, 3, 4], shape: [2, 2], stride: [-2, 1] }, /reaches from -2/],
    ["too few strides", { data: [1, 2, 3, 4], shape: [2, 2], stride: [1] }, /one whole number as stride/],
    ["strides that are none", { data: [1, 2, 3, 4], shape: [2, 2], stride: [0.5, 1] }, /one whole number as stride/],
    ["an offset that is none", { data: [1, 2, 3, 4], shape: [2, 2], offset: "1" }, /whole number as offset/],
    ["rows of different length", [new Float32Array(2), new Float32Array(3)], /nested evenly/],
  ])("a view that is none is refused: %s", (_, given, message) => {
    expect(() => readPlain("input", given)).toThrow(ShapeError);
    expect(() => readPlain("input", given)).toThrow(message);
  });

  it("a tensor of TensorFlow.js is told how to give its data, not of its strides", () => {
    const tensor = { shape: [2, 3], strides: [3], data: () => Promise.resolve(new Float32Array(6)) };
    expect(() => readPlain("input", tensor)).toThrow(/\{ data: await x\.data\(\), shape \}/);
  });

  it("a tensor of a device says how to fetch it", () => {
    const tensor = {
      dims: [2],
      type: "float32",
      get data(): never {
        throw new Error("The data is not on CPU.");
      },
    };
    expect(() => readPlain("input", tensor)).toThrow(/await x\.getData\(\)/);
  });
});

it("a list without end is refused by its length", () => {
  const holes: unknown[] = [];
  holes.length = 2 ** 32 - 1;
  expect(() => readPlain("input", holes)).toThrow(
    "input must have at most 134217728 elements in lists, got 4294967295.",
  );
});

it("an array whose memory was transferred is no empty one", () => {
  const row = new Float32Array([1, 2]);
  structuredClone(row.buffer, { transfer: [row.buffer] });
  expect(() => readPlain("input", row)).toThrow("must have its memory");
  expect(read(new Float32Array())).toEqual({ data: [], shape: [0], dtype: "float32" });
});
