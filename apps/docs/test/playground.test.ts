import { zipSync } from "fflate";
import { describe, expect, it } from "vitest";
import { readFileArrays } from "../src/playground/files.js";
import { flatten, nest } from "../src/playground/numbers.js";
import { prepareProgram } from "../src/playground/program.js";
import { pack, unpack } from "../src/playground/share.js";

describe("prepareProgram", () => {
  it("takes types off and keeps every line where it is", () => {
    const prepared = prepareProgram(
      'import { float } from "@losses/core";\n\nconst x: number = 1;\nexport const loss = float;\n',
      "/runtime.js",
    );
    if ("failure" in prepared) throw new Error(prepared.failure.message);
    const lines = prepared.script.split("\n");
    expect(lines[0]).toMatch(/^import \{ start \} from "\/runtime\.js"; start\(async/);
    expect(lines[2]).toContain("const x = 1;");
    expect(prepared.script).not.toContain(": number");
  });

  it("names the line of a mistake", () => {
    const prepared = prepareProgram("const a = 1;\nconst = 2;\n", "/runtime.js");
    expect("failure" in prepared ? prepared.failure : undefined).toMatchObject({ name: "SyntaxError", line: 2 });
  });
});

describe("shared states", () => {
  it("come back as they were, in letters that an address takes", async () => {
    const shared = {
      code: "export const loss = 损失;\n".repeat(20),
      backend: "js",
      inputs: { x: { shape: [2], data: [1, -2.5] } },
    };
    const packed = await pack(shared);
    expect(packed).toMatch(/^[\w-]+$/);
    expect(packed.length).toBeLessThan(250);
    expect(await unpack(packed)).toEqual(shared);
  });

  it("are refused when they are none", async () => {
    expect([await unpack("nonsense"), await unpack("")]).toEqual([undefined, undefined]);
  });
});

/** An .npy file of version 1. */
function npy(descr: string, shape: string, body: Uint8Array, fortran = "False"): Uint8Array {
  const header = `{'descr': '${descr}', 'fortran_order': ${fortran}, 'shape': ${shape}, }`.padEnd(117) + "\n";
  const head = Uint8Array.of(0x93, ...new TextEncoder().encode("NUMPY"), 1, 0, header.length & 255, header.length >> 8);
  return Uint8Array.of(...head, ...new TextEncoder().encode(header), ...body);
}

const bytes = (data: ArrayBufferView): Uint8Array => new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

describe("dropped files", () => {
  it("are .npy of several dtypes, by rows or by columns", async () => {
    const rows = npy("<f4", "(2, 2)", bytes(Float32Array.of(1, 2, 3, 4)));
    expect(await readFileArrays("x.npy", rows)).toEqual({ x: { shape: [2, 2], data: [1, 2, 3, 4] } });
    const columns = npy("<f8", "(2, 2)", bytes(Float64Array.of(1, 3, 2, 4)), "True");
    expect(await readFileArrays("x.npy", columns)).toEqual({ x: { shape: [2, 2], data: [1, 2, 3, 4] } });
    const labels = npy("<i8", "(3,)", bytes(BigInt64Array.of(0n, 2n, -1n)));
    expect(await readFileArrays("y.npy", labels)).toEqual({ y: { shape: [3], data: [0, 2, -1] } });
    const halves = npy("<f2", "(4,)", bytes(Uint16Array.of(0x3c00, 0xc000, 0x0001, 0x7c00)));
    expect((await readFileArrays("h.npy", halves))["h"]?.data).toEqual([1, -2, 2 ** -24, Infinity]);
  });

  it("are .npz, .safetensors, .json and .csv", async () => {
    const member = npy("<f4", "(1,)", bytes(Float32Array.of(7)));
    expect(await readFileArrays("all.npz", zipSync({ "anchor.npy": member }))).toEqual({
      anchor: { shape: [1], data: [7] },
    });
    const header = new TextEncoder().encode(
      JSON.stringify({ w: { dtype: "F32", shape: [2], data_offsets: [0, 8] }, __metadata__: {} }),
    );
    const safetensors = Uint8Array.of(
      ...bytes(BigUint64Array.of(BigInt(header.length))),
      ...header,
      ...bytes(Float32Array.of(0.5, -1)),
    );
    expect(await readFileArrays("m.safetensors", safetensors)).toEqual({ w: { shape: [2], data: [0.5, -1] } });
    const text = (content: string): Uint8Array => new TextEncoder().encode(content);
    expect(await readFileArrays("a.json", text('{"input": [[1], [2]], "target": 3}'))).toEqual({
      input: { shape: [2, 1], data: [1, 2] },
      target: { shape: [], data: [3] },
    });
    expect(await readFileArrays("c.csv", text("x,y\n1,2\n3,4\n"))).toEqual({
      c: { shape: [2, 2], data: [1, 2, 3, 4] },
    });
  });

  it("are refused with a reason when they are damaged or unknown", async () => {
    await expect(readFileArrays("x.npy", Uint8Array.of(1, 2, 3))).rejects.toThrow(
      "x.npy: an .npy file must begin with",
    );
    await expect(readFileArrays("x.npy", npy("<f4", "(9,)", bytes(Float32Array.of(1))))).rejects.toThrow(
      "36 bytes must follow",
    );
    await expect(readFileArrays("x.npy", npy("<c8", "(1,)", bytes(Float32Array.of(1))))).rejects.toThrow("got c8");
    await expect(readFileArrays("x.txt", Uint8Array.of())).rejects.toThrow("must end in");
    await expect(readFileArrays("c.csv", new TextEncoder().encode("1,2\n3\n"))).rejects.toThrow(
      "every line must hold 2 numbers",
    );
  });
});

it("nested arrays and flat data are the same numbers", () => {
  const flat = flatten("x", [
    [1, 2],
    [3, 4],
  ]);
  expect([flat, nest(flat)]).toEqual([
    { shape: [2, 2], data: [1, 2, 3, 4] },
    [
      [1, 2],
      [3, 4],
    ],
  ]);
  expect(() => flatten("x", [[1, 2], [3]])).toThrow("x: nested arrays must be equally long rows");
});
