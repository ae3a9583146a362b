import type { ArraySource } from "../../arraySource.js";
import { readBytes, type ByteSource } from "../../bytes/byteSource.js";
import type { FileDType } from "../../elements.js";
import { malformed } from "../../fileError.js";
import { bytesOf, denseArray } from "../dense.js";
import { prefixBytes, readHeader, readPrefix } from "./header.js";

/** Opens an .npy file. `dtype` says what elements are that NumPy does not know (bfloat16). */
export async function openNpy(
  source: ByteSource,
  dtype: FileDType | undefined,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const { name, size } = source;
  const place = readPrefix(name, await readBytes(source, 0, Math.min(prefixBytes, size)));
  const data = place.start + place.length;
  if (data > size) throw malformed(`${name}: the .npy header must end within the file, got ${size} bytes in all.`);
  const text = Buffer.from(await readBytes(source, place.start, place.length)).toString("utf8");
  const layout = readHeader(name, text, dtype);
  const array = denseArray(source, data, layout, close);
  const rest = size - data - bytesOf(name, layout);
  if (rest > 0) {
    throw malformed(
      `${name}: the file must end after the array of shape [${layout.shape.join(", ")}], got ${rest} bytes more.`,
    );
  }
  return array;
}
