import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { FileError, openBytes, readArray, type OpenOptions } from "../src/index.js";
import { zipOf } from "../check/mutate.mjs";
import { fileNamed } from "./support.js";

function npy(header: string, data: Uint8Array = new Uint8Array(0), version = 1): Uint8Array {
  const text = Buffer.from(`${header}\n`, "latin1");
  const prefix = Buffer.from(
    version === 1 ? "\x93NUMPY\x01\x00\x00\x00" : "\x93NUMPY\x02\x00\x00\x00\x00\x00",
    "latin1",
  );
  if (version === 1) prefix.writeUInt16LE(text.length, 8);
  else prefix.writeUInt32LE(text.length, 8);
  return Buffer.concat([prefix, text, data]);
}

const shaped = (shape: string, descr = "<f4"): Uint8Array =>
  npy(`{'descr': '${descr}', 'fortran_order': False, 'shape': ${shape}, }`);

function safetensors(header: string, length: bigint = BigInt(header.length), data = new Uint8Array(16)): Uint8Array {
  const prefix = Buffer.alloc(8);
  prefix.writeBigUInt64LE(length);
  return Buffer.concat([prefix, Buffer.from(header), data]);
}

/** A zip file with one deflated entry, whose sizes say what they like. */
function packed(name: string, contents: Uint8Array, said: number): Uint8Array {
  const stored = zipOf(name, deflateRawSync(contents));
  const compressed = deflateRawSync(contents).length;
  for (const signature of ["PK\x03\x04", "PK\x01\x02"]) {
    const at = stored.indexOf(signature, 0, "latin1");
    const shift = signature.endsWith("\x02") ? 2 : 0;
    stored.writeUInt16LE(8, at + shift + 8);
    stored.writeUInt32LE(crc32(contents), at + shift + 14);
    stored.writeUInt32LE(compressed, at + shift + 18);
    stored.writeUInt32LE(said, at + shift + 22);
  }
  return stored;
}

async function attempt(name: string, bytes: Uint8Array, options?: OpenOptions): Promise<unknown> {
  try {
    const source = await openBytes(name, bytes, options);
    return await readArray(source);
  } catch (error) {
    return error;
  }
}

describe("a file that lies", () => {
  it.each<[string, string, Uint8Array, string]>([
    ["npy: another magic", "x.npy", Buffer.from("NUMPY!!!!!!!!!"), "FILE_MALFORMED"],
    ["npy: nothing", "x.npy", new Uint8Array(0), "FILE_MALFORMED"],
    ["npy: a version to come", "x.npy", Buffer.from("\x93NUMPY\x09\x00\x00\x00\x00\x00", "latin1"), "FILE_UNSUPPORTED"],
    ["npy: a header of 4 GB", "x.npy", Buffer.from("\x93NUMPY\x02\x00\xff\xff\xff\xff", "latin1"), "FILE_MALFORMED"],
    ["npy: a huge shape", "x.npy", shaped("(1000000000, 1000000000)"), "FILE_TOO_LARGE"],
    ["npy: a shape beyond all numbers", "x.npy", shaped(`(${"9".repeat(400)},)`), "FILE_MALFORMED"],
    ["npy: more elements than bytes", "x.npy", shaped("(1000000,)"), "FILE_MALFORMED"],
    ["npy: a negative size", "x.npy", shaped("(-1,)"), "FILE_MALFORMED"],
    ["npy: a size that is no tuple", "x.npy", shaped("(3)"), "FILE_MALFORMED"],
    ["npy: too many axes", "x.npy", shaped(`(${"1, ".repeat(40)})`), "FILE_UNSUPPORTED"],
    [
      "npy: a header that repeats itself",
      "x.npy",
      npy("{'shape': (1,), 'shape': (2,), 'descr': '<f4'}"),
      "FILE_MALFORMED",
    ],
    [
      "npy: code in the header",
      "x.npy",
      npy("{'descr': __import__('os'), 'fortran_order': False, 'shape': ()}"),
      "FILE_MALFORMED",
    ],
    [
      "npy: digits without end",
      "x.npy",
      npy(`{'descr': '<f4', 'fortran_order': False, 'shape': (${"1".repeat(60000)} }`),
      "FILE_MALFORMED",
    ],
    ["npy: no byte order", "x.npy", shaped("(0,)", "|f4"), "FILE_MALFORMED"],
    ["safetensors: a header beyond the file", "x.safetensors", safetensors("{}", 2n ** 63n), "FILE_MALFORMED"],
    ["safetensors: brackets without end", "x.safetensors", safetensors("[".repeat(100_000)), "FILE_MALFORMED"],
    ["safetensors: no JSON", "x.safetensors", safetensors("{nonsense}"), "FILE_MALFORMED"],
    ["safetensors: a list", "x.safetensors", safetensors("[1]"), "FILE_MALFORMED"],
    [
      "safetensors: offsets beyond the file",
      "x.safetensors",
      safetensors('{"x":{"dtype":"F32","shape":[4],"data_offsets":[4,20]}}'),
      "FILE_MALFORMED",
    ],
    [
      "safetensors: offsets the wrong way",
      "x.safetensors",
      safetensors('{"x":{"dtype":"F32","shape":[4],"data_offsets":[16,0]}}'),
      "FILE_MALFORMED",
    ],
    [
      "safetensors: offsets for another shape",
      "x.safetensors",
      safetensors('{"x":{"dtype":"F32","shape":[5],"data_offsets":[0,16]}}'),
      "FILE_MALFORMED",
    ],
    [
      "safetensors: sizes whose product overflows",
      "x.safetensors",
      safetensors('{"x":{"dtype":"F32","shape":[4294967296,4294967296],"data_offsets":[0,16]}}'),
      "FILE_TOO_LARGE",
    ],
    [
      "safetensors: a dtype of its own",
      "x.safetensors",
      safetensors('{"x":{"dtype":"constructor","shape":[4],"data_offsets":[0,16]}}'),
      "FILE_UNSUPPORTED",
    ],
    ["npz: no zip file", "x.npz", Buffer.alloc(64), "FILE_MALFORMED"],
    ["npz: no arrays", "x.npz", zipOf("readme.txt", Buffer.from("hello")), "FILE_UNSUPPORTED"],
    ["npz: an array larger than its entry", "x.npz", zipOf("x.npy", shaped("(1000,)")), "FILE_MALFORMED"],
    [
      "npz: an entry that unpacks to more than it says",
      "x.npz",
      packed("x.npy", Buffer.concat([shaped("(2,)"), Buffer.alloc(5000)]), shaped("(2,)").length + 8),
      "FILE_MALFORMED",
    ],
    [
      "npz: an entry that unpacks to less",
      "x.npz",
      packed("x.npy", shaped("(2,)"), shaped("(2,)").length + 8),
      "FILE_MALFORMED",
    ],
    ["parquet: nothing of it", "x.parquet", Buffer.from("PAR1PAR1PAR1"), "FILE_MALFORMED"],
    [
      "parquet: a footer beyond the file",
      "x.parquet",
      Buffer.from("PAR1\xff\xff\xff\x7fPAR1", "latin1"),
      "FILE_MALFORMED",
    ],
    [
      "parquet: structures within structures",
      "x.parquet",
      Buffer.concat([
        Buffer.from("PAR1"),
        Buffer.alloc(40_000, 0x1c),
        Buffer.from([0x40, 0x9c, 0, 0]),
        Buffer.from("PAR1"),
      ]),
      "FILE_MALFORMED",
    ],
    ["raw: a part of an element", "x.bin", new Uint8Array(7), "FILE_UNSUPPORTED"],
    ["json: a gzip file", "x.json", gzipSync("[1]"), "FILE_MALFORMED"],
  ])("%s", async (_, name, bytes, code) => {
    const error = await attempt(name, bytes);
    expect(error).toBeInstanceOf(FileError);
    expect(error).toMatchObject({ code });
    // A message is one line that names the file.
    expect((error as Error).message).toMatch(/^x\.\w+: [^\n]+$/);
    expect((error as Error).message.length).toBeLessThan(400);
  });

  it("npz: a bomb of zeros is refused when it is read whole, and read row by row without its size in memory", async () => {
    const header = shaped("(5000000, 8)", "|u1");
    const bomb = packed("x.npy", Buffer.concat([header, Buffer.alloc(40e6)]), header.length + 40e6);
    expect(bomb.length).toBeLessThan(50_000);
    expect(await attempt("x.npz", bomb)).toMatchObject({ code: "FILE_TOO_LARGE" });
    const source = await openBytes("x.npz", bomb);
    for await (const { rows } of source.batches(1000)) {
      expect(rows).toBe(1000);
      break;
    }
  });

  it("npz: a changed byte is found by the checksum", async () => {
    const bytes = readFileSync(fileNamed("stored.npz"));
    const at = bytes.indexOf(Buffer.from(Float32Array.of(8.5).buffer));
    expect(at).toBeGreaterThan(0);
    bytes[at] = (bytes[at] ?? 0) ^ 1;
    const error = await attempt("x.npz", bytes, { key: "image" });
    expect((error as Error).message).toContain("checksum");
  });

  it("parquet: a page whose runs are longer than the page", async () => {
    const bytes = readFileSync(fileNamed("none.parquet"));
    let found = 0;
    for (let at = 4; at < 900; at++) {
      const changed = Buffer.from(bytes);
      // A run of 2^27 values, wherever one may be written.
      changed.set([0x80, 0x80, 0x80, 0x80, 0x01], at);
      const result = await attempt("x.parquet", changed, { key: "embedding" });
      if (result instanceof Error) {
        expect(result).toBeInstanceOf(FileError);
        found += 1;
      }
    }
    expect(found).toBeGreaterThan(50);
  });
});

describe("damaged files of every format", () => {
  it("end in numbers or a typed error, in little time and memory", () => {
    const script = fileURLToPath(new URL("../check/fuzz.mjs", import.meta.url));
    const out = execFileSync(process.execPath, [script, "--count", "400", "--seed", "7"], { encoding: "utf8" });
    for (const format of ["npy", "npz", "safetensors", "json", "csv", "parquet", "raw"]) {
      const [, numbers, errors] =
        new RegExp(`${format}: 400 files, (\\d+) gave numbers, (\\d+) a typed error`).exec(out) ?? [];
      // Damage that is always found, or never, tests nothing.
      expect(Number(numbers)).toBeGreaterThan(5);
      expect(Number(errors)).toBeGreaterThan(50);
    }
    expect(out).toMatch(/peak memory \d+ MB\n$/);
  });
});
