import { type FloatDType } from "@losses/core";
import { checkRoom, rowSize, type ArraySource, type FileShape, type Rows } from "../../arraySource.js";
import { bytesSource, type ByteSource } from "../../bytes/byteSource.js";
import { decoder, elementBytes, inputDType, swapBytes, type FileDType } from "../../elements.js";
import { malformed, tooLarge } from "../../fileError.js";
import { maxUnpackedBytes } from "../../limits.js";
import { chooseKey, type KeyChoice } from "../chooseKey.js";
import { bytesOf, denseArray, mergeAxes, type Layout } from "../dense.js";
import { prefixBytes, readHeader, readPrefix } from "./header.js";
import { openMember, type Member } from "./member.js";
import { openArchive } from "./zipReader.js";

/** An .npy file inside an archive: how it holds its elements, and a way to read it from the start. */
interface Packed {
  readonly name: string;
  readonly layout: Layout;
  /** Leads to the first element. */
  readonly open: () => Promise<Member>;
}

/** Opens an array of an .npz file. */
export async function openNpz(
  source: ByteSource,
  choice: KeyChoice,
  dtype: FileDType | undefined,
  close: () => Promise<void>,
): Promise<ArraySource> {
  const archive = await openArchive(source);
  const arrays = new Map(
    archive.entries.flatMap((entry) =>
      entry.fileName.endsWith(".npy") ? [[entry.fileName.slice(0, -".npy".length), entry] as const] : [],
    ),
  );
  const key = chooseKey(source.name, [...arrays.keys()], choice);
  const name = `${source.name}: ${key}`;
  const entry = arrays.get(key);
  if (entry === undefined) throw malformed(`${name}: the archive must have the array, got none.`);
  if (!entry.canDecodeFileData()) {
    throw malformed(
      `${name}: entries must be stored or deflated and not encrypted, got method ${entry.compressionMethod}.`,
    );
  }
  const member = await openMember(name, archive, entry);
  try {
    const header = await readMemberHeader(name, member, entry.uncompressedSize);
    const layout = readHeader(name, header.text, dtype);
    const bytes = bytesOf(name, layout);
    if (header.end + bytes !== entry.uncompressedSize) {
      throw malformed(
        `${name}: the entry must have ${header.end + bytes} bytes for shape [${layout.shape.join(", ")}] of ${layout.dtype}, got ${entry.uncompressedSize}.`,
      );
    }
    const open = async (): Promise<Member> => {
      const again = await openMember(name, archive, entry);
      await readMemberHeader(name, again, entry.uncompressedSize);
      return again;
    };
    return packedArray({ name, layout, open }, close);
  } finally {
    member.close();
  }
}

async function readMemberHeader(
  name: string,
  member: Member,
  size: number,
): Promise<{ readonly text: string; readonly end: number }> {
  const prefix = new Uint8Array(Math.min(prefixBytes, size));
  await member.read(prefix);
  const { start, length } = readPrefix(name, prefix);
  const end = start + length;
  if (end > size) throw malformed(`${name}: the .npy header must end within the entry, got ${size} bytes in all.`);
  const text = new Uint8Array(Math.max(0, end - prefix.length));
  await member.read(text);
  return { text: Buffer.concat([prefix.subarray(start), text]).toString("utf8", 0, length), end };
}

function packedArray(packed: Packed, close: () => Promise<void>): ArraySource {
  const { name, layout } = packed;
  const { shape, dtype, isFortran = false } = layout;
  const isScattered = isFortran && shape.length > 1;
  return {
    name,
    dtype: inputDType(dtype),
    shape: shape as FileShape,
    batches: (count, float = "float32") =>
      isScattered ? unpackedRows(packed, count, float) : packedRows(packed, count, float),
    ...(isScattered || shape.length < 2
      ? {}
      : { merged: () => packedArray({ ...packed, layout: { ...layout, shape: mergeAxes(shape) } }, close) }),
    close,
  };
}

async function* packedRows({ name, layout, open }: Packed, count: number, float: FloatDType): AsyncGenerator<Rows> {
  const { dtype, shape, isBigEndian = false } = layout;
  const size = rowSize({ shape: shape as FileShape });
  const total = shape.length === 0 ? 1 : (shape[0] ?? 0);
  const step = Math.min(count, total);
  checkRoom(name, step * size);
  const decode = decoder(name, dtype, float);
  const buffer = new Uint8Array(step * size * elementBytes[dtype]);
  const member = await open();
  try {
    for (let at = 0; at < total; at += step) {
      const rows = Math.min(step, total - at);
      const bytes = buffer.subarray(0, rows * size * elementBytes[dtype]);
      await member.read(bytes);
      if (at + rows === total) await member.finish();
      if (isBigEndian) swapBytes(bytes, elementBytes[dtype]);
      yield { data: decode(bytes, at * size), rows };
    }
  } finally {
    member.close();
  }
}

/** Rows that lie apart in a packed entry, which can be read in one direction only: all of it is unpacked first. */
async function* unpackedRows({ name, layout, open }: Packed, count: number, float: FloatDType): AsyncGenerator<Rows> {
  const size = bytesOf(name, layout);
  if (size > maxUnpackedBytes) {
    throw tooLarge(
      `${name}: an array in Fortran order inside an archive must have at most ${maxUnpackedBytes} bytes, got ${size}. Save it in C order: np.ascontiguousarray(x).`,
    );
  }
  const member = await open();
  const bytes = new Uint8Array(size);
  try {
    await member.read(bytes);
    await member.finish();
  } finally {
    member.close();
  }
  yield* denseArray(bytesSource(name, bytes), 0, layout, async () => undefined).batches(count, float);
}
