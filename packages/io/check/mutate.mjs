// Damages files as disks, networks and enemies do; the same seed gives the same damage.
import { crc32 } from "node:zlib";

/** @typedef {() => number} Random numbers in [0, 1) */

/**
 * @param {number} seed
 * @returns {Random}
 */
export function randomFrom(seed) {
  let state = (seed * 2654435761) >>> 0 || 1;
  return () => {
    // xorshift32
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}

const whole = (/** @type {Random} */ random, /** @type {number} */ below) => Math.floor(random() * below);
const extremes = [0, 1, 2, 127, 128, 255, 2 ** 15, 2 ** 16 - 1, 2 ** 24, 2 ** 31 - 1, 2 ** 31, 2 ** 32 - 1];
const words = [
  "[",
  "]",
  "{",
  "}",
  ",",
  ":",
  '"',
  "-",
  "e",
  "1e999",
  "NaN",
  "null",
  "\n",
  "\t",
  "0",
  "\u0000",
  "(",
  ")",
  "'",
  "L",
  "True",
];

/** @type {((bytes: Buffer, random: Random, other: Buffer) => Buffer)[]} */
const damages = [
  // One bit.
  (bytes, random) => {
    const at = whole(random, bytes.length);
    bytes[at] = (bytes[at] ?? 0) ^ (1 << whole(random, 8));
    return bytes;
  },
  // Some bytes.
  (bytes, random) => {
    for (let i = whole(random, 8); i >= 0; i--) bytes[whole(random, bytes.length)] = whole(random, 256);
    return bytes;
  },
  // A number of an unlikely size.
  (bytes, random) => {
    const value = extremes[whole(random, extremes.length)] ?? 0;
    const at = whole(random, Math.max(1, bytes.length - 8));
    if (at + 8 > bytes.length) return bytes;
    if (random() < 0.5) bytes.writeUInt32LE(value, at);
    else bytes.writeBigUInt64LE(random() < 0.5 ? BigInt(value) : BigInt(value) << 32n, at);
    return bytes;
  },
  // Cut off.
  (bytes, random) => bytes.subarray(0, whole(random, bytes.length)),
  // Something left out, said twice, or set in.
  (bytes, random, other) => {
    const [from, to] = [whole(random, bytes.length), whole(random, bytes.length)].sort((a, b) => a - b);
    const kind = whole(random, 3);
    if (kind === 0) return Buffer.concat([bytes.subarray(0, from), bytes.subarray(to)]);
    if (kind === 1) return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
    return Buffer.concat([bytes.subarray(0, from), other.subarray(from, to), bytes.subarray(from)]);
  },
  // A stretch of one byte.
  (bytes, random) => {
    const from = whole(random, bytes.length);
    return bytes.fill(whole(random, 256), from, Math.min(bytes.length, from + whole(random, 64)));
  },
  // A word that means something.
  (bytes, random) => {
    const at = whole(random, bytes.length);
    const word = Buffer.from(words[whole(random, words.length)] ?? "");
    return Buffer.concat([bytes.subarray(0, at), word, bytes.subarray(at + whole(random, 2))]);
  },
  // A digit more.
  (bytes, random) => {
    const digits = [...bytes.keys()].filter((at) => (bytes[at] ?? 0) >= 48 && (bytes[at] ?? 0) <= 57);
    const at = digits[whole(random, digits.length)] ?? 0;
    return Buffer.concat([bytes.subarray(0, at), Buffer.from("9".repeat(1 + whole(random, 20))), bytes.subarray(at)]);
  },
];

/**
 * @param {Uint8Array} bytes
 * @param {Random} random
 * @param {Uint8Array} other another file, of which parts may be set in
 * @returns {Buffer} a damaged copy
 */
export function damage(bytes, random, other) {
  let result = Buffer.from(bytes);
  for (let i = Math.max(0, whole(random, 5) - 2); i >= 0 && result.length > 0; i--) {
    const change = damages[whole(random, damages.length)];
    if (change !== undefined) result = Buffer.from(change(result, random, Buffer.from(other)));
  }
  return result;
}

/**
 * A zip file with one stored entry, its checksum right whatever the contents.
 * @param {string} name
 * @param {Uint8Array} contents
 * @returns {Buffer}
 */
export function zipOf(name, contents) {
  const file = Buffer.from(name);
  const shared = Buffer.alloc(26);
  shared.writeUInt16LE(20, 0);
  shared.writeUInt32LE(crc32(contents), 10);
  shared.writeUInt32LE(contents.length, 14);
  shared.writeUInt32LE(contents.length, 18);
  shared.writeUInt16LE(file.length, 22);
  const local = Buffer.concat([Buffer.from("PK\u0003\u0004"), shared, file, contents]);
  const entry = Buffer.concat([Buffer.from("PK\u0001\u0002\u0014\u0000"), shared, Buffer.alloc(14), file]);
  const end = Buffer.alloc(22);
  end.write("PK\u0005\u0006");
  end.writeUInt16LE(1, 8);
  end.writeUInt16LE(1, 10);
  end.writeUInt32LE(entry.length, 12);
  end.writeUInt32LE(local.length, 16);
  return Buffer.concat([local, entry, end]);
}
