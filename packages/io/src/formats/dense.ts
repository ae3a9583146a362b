import { sizeOf, type FloatDType } from "@losses/core";
import { checkRoom, rowSize, type ArraySource, type FileShape, type Rows } from "../arraySource.js";
import { part, type ByteSource } from "../bytes/byteSource.js";
import { decoder, elementBytes, inputDType, swapBytes, type Elements, type FileDType } from "../elements.js";
import { malformed, tooLarge, unsupported } from "../fileError.js";
import { maxRank, panelBytes } from "../limits.js";

/** Elements that lie side by side in a file. */
export interface Layout {
  readonly dtype: FileDType;
  readonly shape: readonly number[];
  readonly isBigEndian?: boolean;
  /** The first axis varies fastest. */
  readonly isFortran?: boolean;
}

/** The bytes that an array takes; refuses shapes that are none. */
export function bytesOf(name: string, { dtype, shape }: Layout): number {
  if (shape.length > maxRank)
    throw unsupported(`${name}: arrays must have at most ${maxRank} axes, got ${shape.length}.`);
  if (!shape.every((dim) => Number.isSafeInteger(dim) && dim >= 0)) {
    throw malformed(`${name}: sizes must be integers >= 0, got [${shape.join(", ")}].`);
  }
  const bytes = sizeOf(shape) * elementBytes[dtype];
  if (!Number.isSafeInteger(bytes))
    throw tooLarge(`${name}: the array must be smaller, got the shape [${shape.join(", ")}].`);
  return bytes;
}

/**
 * An array whose elements start at a place of a file and take what its shape says.
 *
 * @throws FileError where the file has less
 */
export function denseArray(source: ByteSource, start: number, layout: Layout, close: () => Promise<void>): ArraySource {
  const { name } = source;
  const { dtype, shape } = layout;
  const bytes = bytesOf(name, layout);
  if (start + bytes > source.size) {
    throw malformed(
      `${name}: the array must have ${bytes} bytes for shape [${shape.join(", ")}] of ${dtype}, got ${Math.max(0, source.size - start)}. The file is cut off, or its header wrong.`,
    );
  }
  const elements = part(source, start, bytes);
  const isScattered = layout.isFortran === true && shape.length > 1;
  return {
    name,
    dtype: inputDType(dtype),
    shape: shape as readonly [number, ...number[]],
    batches: (count, float = "float32") =>
      isScattered ? scatteredRows(elements, layout, count, float) : contiguousRows(elements, layout, count, float),
    ...(isScattered || shape.length < 2
      ? {}
      : { merged: () => denseArray(source, start, { ...layout, shape: mergeAxes(shape) }, close) }),
    close,
  };
}

export function mergeAxes([first = 1, second = 1, ...rest]: readonly number[]): readonly number[] {
  return [first * second, ...rest];
}

/** Batches that are read ahead while one is worked on, and the bytes that they may take. */
const ahead = 3;
const aheadBytes = 2 ** 25;

/** Rows that lie one after the other. While one batch is worked on, the next are read. */
async function* contiguousRows(
  elements: ByteSource,
  { dtype, shape, isBigEndian = false }: Layout,
  count: number,
  float: FloatDType,
): AsyncGenerator<Rows> {
  const size = rowSize({ shape: shape as FileShape });
  const width = size * elementBytes[dtype];
  const total = shape.length === 0 ? 1 : (shape[0] ?? 0);
  const step = Math.min(count, total);
  checkRoom(elements.name, step * size);
  const decode = decoder(elements.name, dtype, float);
  const inAll = step === 0 ? 0 : Math.ceil(total / step);
  const held = Math.min(inAll, 1 + Math.max(1, Math.min(ahead, Math.floor(aheadBytes / Math.max(1, step * width)))));
  const buffers = Array.from({ length: held }, () => new Uint8Array(step * width));
  const reading: Promise<Uint8Array>[] = [];
  const start = (batch: number): void => {
    const buffer = buffers[batch % held];
    if (batch >= inAll || buffer === undefined) return;
    const at = batch * step;
    const bytes = buffer.subarray(0, Math.min(step, total - at) * width);
    const read = elements.read(bytes, at * width).then(() => bytes);
    // Whether it failed is looked at in its turn.
    read.catch(() => undefined);
    reading.push(read);
  };
  try {
    for (let batch = 0; batch < Math.max(1, held - 1); batch++) start(batch);
    for (let batch = 0; batch < inAll; batch++) {
      const bytes = await reading.shift();
      if (bytes === undefined) return;
      if (held > 1) start(batch + held - 1);
      if (isBigEndian) swapBytes(bytes, elementBytes[dtype]);
      yield { data: decode(bytes, batch * step * size), rows: Math.min(step, total - batch * step) };
    }
  } finally {
    // Reads that nobody waits for any more must not outlive the file.
    await Promise.allSettled(reading);
  }
}

/** Rows whose elements lie apart: panels of rows are gathered, column by column, and turned. */
async function* scatteredRows(
  elements: ByteSource,
  { dtype, shape, isBigEndian = false }: Layout,
  count: number,
  float: FloatDType,
): AsyncGenerator<Rows> {
  const [total = 0, ...inner] = shape;
  const size = sizeOf(inner);
  const itemBytes = elementBytes[dtype];
  checkRoom(elements.name, Math.min(count, total) * size);
  const step = Math.max(1, Math.min(total, Math.max(count, Math.floor(panelBytes / Math.max(1, size * itemBytes)))));
  const positions = rowMajorPositions(inner);
  const decode = decoder(elements.name, dtype, float);
  const buffer = new Uint8Array(step * size * itemBytes);
  let turned: Elements | undefined;
  for (let at = 0; at < total; at += step) {
    const rows = Math.min(step, total - at);
    const bytes = buffer.subarray(0, rows * size * itemBytes);
    await gather(elements, bytes, { total, at, rows, size, itemBytes });
    if (isBigEndian) swapBytes(bytes, itemBytes);
    const columns = decode(bytes, 0);
    turned ??= columns.slice();
    for (let column = 0; column < size; column++) {
      const to = positions[column] ?? 0;
      for (let row = 0; row < rows; row++) turned[row * size + to] = columns[column * rows + row] ?? 0;
    }
    for (let first = 0; first < rows; first += count) {
      const taken = Math.min(count, rows - first);
      yield { data: turned.subarray(first * size, (first + taken) * size), rows: taken };
    }
  }
}

/** Reads the same rows of every column. */
async function gather(
  elements: ByteSource,
  into: Uint8Array,
  { total, at, rows, size, itemBytes }: { total: number; at: number; rows: number; size: number; itemBytes: number },
): Promise<void> {
  if (rows === total) return elements.read(into, 0);
  const length = rows * itemBytes;
  const together = 64;
  for (let column = 0; column < size; column += together) {
    const few = Array.from({ length: Math.min(together, size - column) }, (_, i) => column + i);
    const ends = await Promise.allSettled(
      few.map((one) => elements.read(into.subarray(one * length, (one + 1) * length), (one * total + at) * itemBytes)),
    );
    for (const end of ends) if (end.status === "rejected") throw end.reason;
  }
}

/** Where the elements of a row that come in Fortran order belong in row-major order. */
function rowMajorPositions(shape: readonly number[]): Int32Array {
  const strides = shape.map((_, axis) => sizeOf(shape.slice(axis + 1)));
  return Int32Array.from({ length: sizeOf(shape) }, (_, position) => {
    let rest = position;
    return shape.reduce((sum, dim, axis) => {
      const index = rest % dim;
      rest = Math.floor(rest / dim);
      return sum + index * (strides[axis] ?? 0);
    }, 0);
  });
}
