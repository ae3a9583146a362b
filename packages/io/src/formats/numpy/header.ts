import { malformed, unsupported } from "../../fileError.js";
import { maxNpyHeaderBytes } from "../../limits.js";
import { fileDTypes, elementBytes, type FileDType } from "../../elements.js";
import type { Layout } from "../dense.js";

/** The bytes in front of the header's text: magic, version, length (2 bytes in version 1, else 4). */
export const prefixBytes = 12;

/** Where the text of a header is. */
export interface HeaderPlace {
  readonly start: number;
  readonly length: number;
}

/** Reads the fixed start of an .npy file, of which there may be fewer bytes than {@link prefixBytes}. */
export function readPrefix(name: string, prefix: Uint8Array): HeaderPlace {
  const magic = String.fromCharCode(...prefix.subarray(0, 6));
  if (magic !== "\x93NUMPY") throw malformed(`${name}: an .npy file must begin with \\x93NUMPY, got other bytes.`);
  const [major = 0] = prefix.subarray(6);
  if (major < 1 || major > 3) throw unsupported(`${name}: the .npy version must be 1, 2 or 3, got ${major}.`);
  const start = major === 1 ? 10 : 12;
  if (prefix.length < start)
    throw malformed(`${name}: the .npy header must be complete, got ${prefix.length} bytes of it.`);
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.length);
  const length = major === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > maxNpyHeaderBytes) {
    throw malformed(`${name}: the .npy header must have at most ${maxNpyHeaderBytes} bytes, got ${length}.`);
  }
  return { start, length };
}

/** How a file holds its elements, by the text of its header. `override` replaces a dtype that NumPy does not know. */
export function readHeader(name: string, text: string, override: FileDType | undefined): Layout {
  const entries = new Map<string, string>();
  // {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
  const [, body] = /^\{(.*)\}\s*$/s.exec(text.trimStart()) ?? [];
  if (body === undefined) throw malformed(`${name}: the .npy header must be a dictionary, got ${shown(text)}.`);
  const entry =
    /\s*'(descr|fortran_order|shape)'\s*:\s*('[^'\\]*'|True|False|\([\d\s,L]*\)|\[[^]*?\](?=\s*,))\s*(?:,|$)/y;
  while (entry.lastIndex < body.trimEnd().length) {
    const [, key, value] = entry.exec(body) ?? [];
    if (key === undefined || value === undefined || entries.has(key)) {
      throw malformed(`${name}: the .npy header must have descr, fortran_order and shape, got ${shown(text)}.`);
    }
    entries.set(key, value);
  }
  const [descr, fortran, shape] = ["descr", "fortran_order", "shape"].map((key) => entries.get(key));
  if (descr === undefined || shape === undefined || (fortran !== "True" && fortran !== "False")) {
    throw malformed(`${name}: the .npy header must have descr, fortran_order and shape, got ${shown(text)}.`);
  }
  return { ...readDescr(name, descr, override), shape: readShape(name, shape), isFortran: fortran === "True" };
}

function readShape(name: string, text: string): readonly number[] {
  const [, inner] = /^\(\s*((?:\d+L?\s*,\s*)*(?:\d+L?)?)\s*\)$/.exec(text) ?? [];
  if (inner === undefined || /^\d+L?$/.test(inner)) {
    throw malformed(`${name}: the shape must be a tuple of integers, got ${shown(text)}.`);
  }
  return inner.split(",").flatMap((size) => (size.trim() === "" ? [] : [Number.parseInt(size, 10)]));
}

const kinds: Readonly<Record<string, string>> = { f: "float", i: "int", u: "uint" };

function readDescr(
  name: string,
  text: string,
  override: FileDType | undefined,
): { readonly dtype: FileDType; readonly isBigEndian: boolean } {
  if (text.startsWith("[")) {
    throw unsupported(
      `${name}: elements must be plain numbers, got records. Save one field: np.save(file, array["field"]).`,
    );
  }
  const [, order, kind = "", digits = ""] = /^'([<>|]?)([a-zA-Z?])(\d*)'$/.exec(text) ?? [];
  if (kind === "O") {
    throw unsupported(
      `${name}: elements must be plain numbers, got Python objects (a pickle), which are never loaded. Save an array of numbers: np.save(file, np.asarray(x, dtype="float32")).`,
    );
  }
  const size = Number(digits);
  const named = kind === "b" || kind === "?" ? "bool" : `${kinds[kind]}${8 * size}`;
  const dtype = kind === "V" ? override : fileDTypes.find((one) => one === named);
  if (dtype === undefined || order === undefined || (kind !== "?" && size !== elementBytes[dtype])) {
    const cure = kind === "V" && size === 2 ? " If it is bfloat16, say so: dtype bfloat16." : "";
    throw unsupported(`${name}: elements must be ${fileDTypes.join(", ")}, got descr ${shown(text)}.${cure}`);
  }
  if (order === "|" && size > 1 && kind !== "V") {
    throw malformed(`${name}: numbers of ${size} bytes must say their byte order, got descr ${shown(text)}.`);
  }
  return { dtype, isBigEndian: order === ">" };
}

function shown(text: string): string {
  const line = text.trim();
  return line.length > 80 ? `${line.slice(0, 80)}…` : line;
}
