import type { ArraySource } from "../arraySource.js";
import type { ByteSource } from "../bytes/byteSource.js";
import { elementBytes, type FileDType } from "../elements.js";
import { malformed } from "../fileError.js";
import { bytesOf, denseArray } from "./dense.js";

/** How a file without a header holds its elements, row-major. */
export interface RawLayout {
  readonly dtype: FileDType;
  readonly isBigEndian?: boolean;
  /** The sizes; the first may be `"*"`, as many as the file has. Left out: one axis. */
  readonly shape?: readonly (number | "*")[];
}

/** Opens a file of nothing but elements. */
export function openRaw(source: ByteSource, layout: RawLayout, close: () => Promise<void>): ArraySource {
  const { name, size } = source;
  const { dtype, shape = ["*"], isBigEndian = false } = layout;
  const [first, ...rest] = shape;
  const sizes = rest.map((dim) => (dim === "*" ? Number.NaN : dim));
  const rowBytes = bytesOf(name, { dtype, shape: first === "*" ? sizes : [] });
  if (first === "*" && (rowBytes === 0 || size % rowBytes !== 0)) {
    throw malformed(
      `${name}: the file must be rows of ${rowBytes} bytes ([${sizes.join(", ")}] of ${dtype}), got ${size} bytes.`,
    );
  }
  const known = first === undefined ? [] : [first === "*" ? size / rowBytes : first, ...sizes];
  const bytes = bytesOf(name, { dtype, shape: known });
  if (bytes !== size) {
    throw malformed(
      `${name}: the file must have ${bytes} bytes for shape [${known.join(", ")}] of ${dtype} (${elementBytes[dtype]} bytes each), got ${size}.`,
    );
  }
  return denseArray(source, 0, { dtype, shape: known, isBigEndian }, close);
}
