import { InputError } from "@losses/core";
import { describe, expect, it } from "vitest";
import { FileError, openArray, openBytes, readArray, type OpenOptions } from "../src/index.js";
import { collect, fileNamed, labels, numbers, read } from "./support.js";

const text = (name: string, contents: string, options?: OpenOptions): ReturnType<typeof openBytes> =>
  openBytes(name, new TextEncoder().encode(contents), options);

async function failure(work: () => Promise<unknown>): Promise<unknown> {
  return work().then(
    () => "no error",
    (error: unknown) => error,
  );
}

describe(".npy", () => {
  it.each(["little-f2", "little-f4", "little-f8", "big-f2", "big-f4", "big-f8", "version-2"])("%s", async (name) => {
    const { data, shape, dtype } = await read(`${name}.npy`);
    expect(data).toEqual(numbers(12));
    expect(shape).toEqual([4, 3]);
    expect(dtype).toBe(name.endsWith("f8") ? "float64" : "float32");
  });

  it.each(["i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "bigi4", "bigi8", "bigu2"])("integers %s", async (name) => {
    const { data, dtype } = await read(`${name.replace("big", "big-")}.npy`);
    expect(data).toEqual(labels(12));
    expect(dtype).toBe(/i8|u8|u4/.test(name) ? "int64" : "int32");
  });

  it("booleans", async () => {
    expect((await read("b1.npy")).data).toEqual(labels(12).map((label) => (label === 0 ? 0 : 1)));
  });

  it("bfloat16, when it is said to be that", async () => {
    expect((await read("bfloat16.npy", { dtype: "bfloat16" })).data).toEqual(numbers(12));
    await expect(read("bfloat16.npy")).rejects.toThrow("If it is bfloat16, say so");
  });

  it("comes as float64 where that is computed in", async () => {
    const source = await openArray(fileNamed("little-f2.npy"));
    for await (const { data } of source.batches(4, "float64")) expect(data).toBeInstanceOf(Float64Array);
    await source.close();
  });

  it.each([
    ["fortran-2d", [6, 4]],
    ["fortran-big", [6, 4]],
    ["fortran-3d", [5, 3, 2]],
  ] as const)("%s comes row by row", async (name, shape) => {
    for (const count of [1, 2, 4, 100]) {
      const whole = await read(`${name}.npy`, { count });
      expect(whole.data).toEqual(numbers(shape.reduce((a: number, b) => a * b, 1)));
      expect(whole.shape).toEqual(shape);
    }
  });

  it("a scalar is one row, and nothing is no row", async () => {
    expect(await read("scalar.npy")).toMatchObject({ data: [14.5], shape: [], batches: [1] });
    expect(await read("empty.npy")).toMatchObject({ data: [], shape: [0, 3], batches: [] });
  });

  it("batches have the rows asked for, the last what is left, in every pass", async () => {
    const source = await openArray(fileNamed("i8.npy"));
    for (let pass = 0; pass < 2; pass++) expect((await collect(source, 5)).batches).toEqual([5, 5, 2]);
    await source.close();
  });

  it("two axes can be looked at as one", async () => {
    const source = await openArray(fileNamed("little-f4.npy"));
    const flat = source.merged?.();
    expect(flat?.shape).toEqual([12]);
    expect(flat === undefined ? [] : (await collect(flat, 5)).data).toEqual(numbers(12));
    await source.close();
  });

  it.each([
    ["objects", "a pickle"],
    ["complex", "got descr '<c8'"],
    ["text", "got descr '<U2'"],
    ["records", "np.save(file, array"],
    ["two-arrays", "must end after the array"],
  ])("refuses %s", async (name, message) => {
    const error = await failure(() => read(`${name}.npy`));
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(message);
  });

  it("refuses integers beyond 32 bits, and says where", async () => {
    const error = await failure(() => read("too-large-integers.npy"));
    expect(error).toBeInstanceOf(InputError);
    expect((error as Error).message).toContain("at position 1");
  });
});

describe(".npz", () => {
  it.each(["stored", "packed"])("%s", async (name) => {
    const image = await read(`${name}.npz`, { key: "image" });
    expect(image).toMatchObject({ data: numbers(24), shape: [6, 4], batches: [4, 2] });
    expect((await read(`${name}.npz`, { input: "text" })).data).toEqual(numbers(12));
    expect((await read(`${name}.npz`, { key: "ids" })).data).toEqual(labels(6));
  });

  it("in Fortran order and big-endian, packed", async () => {
    expect((await read("packed-fortran.npz")).data).toEqual(numbers(24));
  });

  it("refuses objects, and names the arrays where none is meant", async () => {
    await expect(read("objects.npz")).rejects.toThrow("a pickle");
    await expect(read("stored.npz")).rejects.toThrow("one of image, text, ids, got none named");
    await expect(read("stored.npz", { key: "x" })).rejects.toThrow("got x");
  });
});

describe(".safetensors", () => {
  it.each(["half", "brain", "single", "double"])("%s", async (key) => {
    expect(await read("tensors.safetensors", { key })).toMatchObject({ data: numbers(12), shape: [4, 3] });
  });

  it.each(["ids", "small"])("integers %s", async (key) => {
    expect((await read("tensors.safetensors", { key })).data).toEqual(labels(12));
  });

  it("flags and scalars", async () => {
    expect((await read("tensors.safetensors", { key: "flags" })).data.slice(0, 3)).toEqual([0, 1, 1]);
    expect(await read("tensors.safetensors", { key: "scalar" })).toMatchObject({ data: [14.5], shape: [] });
  });
});

describe("raw elements", () => {
  const bytes = new Uint8Array(Float32Array.from(numbers(12)).buffer);

  it("of a given shape, of as many rows as there are, and in the other byte order", async () => {
    const fixed = await openBytes("x.bin", bytes, { raw: { dtype: "float32", shape: [4, 3] } });
    expect((await collect(fixed, 3)).data).toEqual(numbers(12));
    const open = await openBytes("x.bin", bytes, { raw: { dtype: "float32", shape: ["*", 6] } });
    expect(open.shape).toEqual([2, 6]);
    const swapped = Buffer.from(bytes).swap32();
    const big = await openBytes("x.bin", swapped, { raw: { dtype: "float32", isBigEndian: true } });
    expect(await collect(big, 20)).toMatchObject({ data: numbers(12), rows: 12 });
  });

  it("refuse another size", async () => {
    await expect(openBytes("x.bin", bytes, { raw: { dtype: "float32", shape: [4, 4] } })).rejects.toThrow("64 bytes");
    await expect(openBytes("x.bin", bytes, { raw: { dtype: "float32", shape: ["*", 5] } })).rejects.toThrow("20 bytes");
  });
});

describe(".json", () => {
  it("rows, numbers, and one number", async () => {
    const rows = await text("x.json", " [[1, 2.5], [-3e1, 4],\n [5, 6]] ");
    expect(rows.shape).toEqual([undefined, 2]);
    expect(await collect(rows, 2)).toMatchObject({ data: [1, 2.5, -30, 4, 5, 6], batches: [2, 1] });
    expect(await collect(await text("x.json", "[1, 2, 3]"), 2)).toMatchObject({ data: [1, 2, 3], batches: [2, 1] });
    const scalar = await text("x.json", "14.5");
    expect(scalar.shape).toEqual([]);
    expect((await collect(scalar, 1)).data).toEqual([14.5]);
    expect((await text("x.json", "[]")).shape).toEqual([0]);
    expect((await text("x.json", "[[[1,2],[3,4],[5,6]]]")).shape).toEqual([undefined, 3, 2]);
  });

  it("of an object, by key or by the name of the input", async () => {
    const both = `{"notes": {"a": [{}, "x", null]}, "image": [[1, 2]], "text": [[3, "NaN"]], "scale": 7}`;
    expect((await collect(await text("x.json", both, { key: "image" }), 1)).data).toEqual([1, 2]);
    expect((await collect(await text("x.json", both, { input: "text" }), 1)).data).toEqual([3, NaN]);
    expect((await text("x.json", both, { key: "scale" })).shape).toEqual([]);
    await expect(text("x.json", both, { key: "label" })).rejects.toThrow(
      "must have label, got notes, image, text, scale",
    );
  });

  it("lines of rows, and of objects with rows", async () => {
    expect((await collect(await text("x.jsonl", "[1,2]\n[3,4]\n"), 8)).data).toEqual([1, 2, 3, 4]);
    const lines = `{"y": 1, "x": [1, 2]}\n{"x": [3, 4], "y": 0}\n`;
    expect((await collect(await text("x.jsonl", lines, { key: "x" }), 8)).data).toEqual([1, 2, 3, 4]);
    expect((await collect(await text("x.jsonl", lines, { key: "y" }), 8)).data).toEqual([1, 0]);
  });

  it.each([
    ["[[1, 2], [3]]", "one shape"],
    ["[[[1, 2], [3]]]", "nested evenly"],
    ["[1, [2]]", "one shape"],
    ["[[1, [2]]]", "nested evenly"],
    ["[[1], 2]", "one shape"],
    ["[1, 2", "complete"],
    ["[1 2]", "a comma"],
    ["[1,, 2]", "a value before a comma"],
    ["[1, 2,]", "a value before a bracket"],
    ["[1, 2]]", "nothing after"],
    ["[[1,]]", "a value before a bracket"],
    ['["a"]', "numbers in arrays"],
    ["[null]", "numbers in arrays"],
    ["{}", "a named array"],
    ["", "complete"],
    ["nonsense", "must be JSON"],
    [`${"[".repeat(40)}1${"]".repeat(40)}`, "at most 32 axes"],
    [`[${"9".repeat(2 ** 21)}]`, "a value must have at most"],
  ])("refuses %#", async (contents, message) => {
    const error = await failure(async () => collect(await text("x.json", contents), 4));
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(message);
  });
});

describe(".csv", () => {
  const table = "a,b,label\n1,2.5,0\n-3e1,nan,1\n5,inf,2\n";

  it("all columns, some of them, and one", async () => {
    expect(await collect(await text("x.csv", table), 2)).toMatchObject({
      data: [1, 2.5, 0, -30, NaN, 1, 5, Infinity, 2],
      batches: [2, 1],
    });
    expect((await collect(await text("x.csv", table, { key: "label,a" }), 9)).data).toEqual([0, 1, 1, -30, 2, 5]);
    const one = await text("x.csv", table, { key: "label" });
    expect(one.shape).toEqual([undefined]);
    expect((await collect(one, 9)).data).toEqual([0, 1, 2]);
    expect((await collect(await text("x.csv", table, { key: "0-1" }), 9)).data).toHaveLength(6);
  });

  it("without names, with tabs, quotes and a byte order mark", async () => {
    expect((await collect(await text("x.csv", "1,2\n3,4\n"), 9)).data).toEqual([1, 2, 3, 4]);
    expect((await collect(await text("x.tsv", "x\ty\n1\t2\n"), 9)).data).toEqual([1, 2]);
    expect((await collect(await text("x.csv", '\ufeff"x","y"\r\n"1"," 2"\r\n'), 9)).data).toEqual([1, 2]);
  });

  it("does not guess whether a first line is names", async () => {
    await expect(text("x.csv", "0,1,2\n5,6,7\n")).rejects.toThrow("header yes or no");
    expect((await collect(await text("x.csv", "0,1,2\n5,6,7\n", { header: true }), 9)).data).toEqual([5, 6, 7]);
    expect((await collect(await text("x.csv", "0,1,2\n5,6,7\n", { header: false }), 9)).rows).toBe(2);
    await expect(text("x.csv", ",1,2\n0,6,7\n")).rejects.toThrow("header yes or no");
  });

  it.each([
    ["a,b\n1,2\n3\n", "rows must have 2 values, got 1 in record 3"],
    ["a,b\n1,x\n", 'got "x" in record 2, column 2'],
    ["a,b\n1,\n", 'got "" in record 2'],
    ['a,b\n1,"2\n', "table in text"],
  ])("refuses %#", async (contents, message) => {
    const error = await failure(async () => collect(await text("x.csv", contents), 4));
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(message);
  });

  it("refuses a column that is not there", async () => {
    await expect(text("x.csv", table, { key: "c" })).rejects.toThrow("one of a, b, label, or 0 to 2, got c");
  });
});

describe(".parquet", () => {
  const reals = ["half", "single", "double"];
  const integers = ["label", "small", "byte"];

  it.each(["none", "snappy", "gzip", "brotli", "zstd", "lz4", "v2-pages", "small-pages", "required"])(
    "%s",
    async (name) => {
      for (const key of reals)
        expect(await read(`${name}.parquet`, { key, count: 7 })).toMatchObject({ data: numbers(40), shape: [40] });
      for (const key of integers) expect((await read(`${name}.parquet`, { key, count: 7 })).data).toEqual(labels(40));
      const flags = labels(40).map((label) => (label === 0 ? 0 : 1));
      expect((await read(`${name}.parquet`, { key: "flag" })).data).toEqual(flags);
      if (name === "required") return;
      for (const key of ["embedding", "fixed"]) {
        const { data, shape, batches } = await read(`${name}.parquet`, { key, count: 13 });
        expect(data).toEqual(numbers(240));
        expect([shape, batches]).toEqual([
          [40, 6],
          [13, 13, 13, 1],
        ]);
      }
    },
  );

  it("split bytes, and no rows", async () => {
    expect((await read("split.parquet", { key: "embedding" })).data).toEqual(numbers(240));
    expect((await read("split.parquet", { key: "single" })).data).toEqual(numbers(40));
    expect(await read("empty.parquet", { key: "single" })).toMatchObject({ data: [], shape: [0] });
  });

  it.each([
    ["ragged", "equally many numbers"],
    ["missing", "a missing one (null)"],
    ["words", "got STRING"],
    ["nested", "lists of lists"],
    ["dates", "got DATE"],
    ["records", "got records"],
  ])("refuses %s", async (key, message) => {
    const error = await failure(() => read("odd.parquet", { key }));
    expect(error).toBeInstanceOf(FileError);
    expect((error as Error).message).toContain(message);
  });
});

describe("any file", () => {
  it("is read whole into what losses take", async () => {
    const source = await openArray(fileNamed("fortran-2d.npy"));
    expect(await readArray(source)).toEqual({ data: Float32Array.from(numbers(24)), shape: [6, 4] });
    await source.close();
    expect(await readArray(await text("x.json", "[[1], [2]]"))).toEqual({ data: [1, 2], shape: [2, 1] });
  });

  it.each([
    ["a file that is not there", "missing.npy", "FILE_UNREADABLE"],
    ["a folder", ".", "FILE_UNSUPPORTED"],
    ["a name without a known ending", "x.pt", "FILE_UNSUPPORTED"],
  ])("refuses %s", async (_, name, code) => {
    expect(await failure(() => openArray(fileNamed(name), name === "." ? { format: "npy" } : {}))).toMatchObject({
      code,
    });
  });
});
