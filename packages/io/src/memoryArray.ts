import { checkArgument, formatShape, readShape, ShapeError, sizeOf, type ShapedArray } from "@losses/core";
import { nameRule, numbersRule } from "./arguments.js";
import { guarded, rowSize, type ArraySource, type FileShape } from "./arraySource.js";
import type { Elements } from "./elements.js";

/** An array in memory, where one in a file is expected. Plain numbers have no dtype of their own. */
export function memoryArray(
  name: string,
  data: Elements | readonly number[],
  shape: ShapedArray["shape"],
): ArraySource {
  checkArgument("memoryArray", "the name", name, nameRule);
  checkArgument("memoryArray", "the data", data, numbersRule);
  const sizes = readShape(`memoryArray: ${name}`, shape);
  if (sizeOf(sizes) !== data.length) {
    throw new ShapeError(
      `memoryArray: ${name} must have as many numbers as its shape ${formatShape(sizes)} says, got ${data.length}.`,
    );
  }
  const fileShape = sizes as FileShape;
  const size = rowSize({ shape: fileShape });
  const total = sizes[0] ?? 1;
  return guarded({
    name,
    dtype: !ArrayBuffer.isView(data)
      ? "untyped"
      : data instanceof Int32Array
        ? "int32"
        : data instanceof Float64Array
          ? "float64"
          : "float32",
    shape: fileShape,
    async *batches(count) {
      for (let at = 0; at < total; at += count) {
        const rows = Math.min(count, total - at);
        yield {
          data: ArrayBuffer.isView(data)
            ? data.subarray(at * size, (at + rows) * size)
            : data.slice(at * size, (at + rows) * size),
          rows,
        };
      }
    },
    close: async () => undefined,
  });
}
