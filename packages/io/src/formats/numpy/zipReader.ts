import { Readable } from "node:stream";
import yauzl, { type Entry, type ZipFile } from "yauzl";
import { pieces, part, type ByteSource } from "../../bytes/byteSource.js";
import { FileError, malformed, unsupported } from "../../fileError.js";
import { maxEntries } from "../../limits.js";

/** The zip file in a source, and its entries. */
export interface Archive {
  readonly zip: ZipFile;
  readonly entries: readonly Entry[];
}

/** Lets yauzl read a source. */
class SourceReader extends yauzl.RandomAccessReader {
  readonly #source: ByteSource;

  constructor(source: ByteSource) {
    super();
    this.#source = source;
  }

  override _readStreamForRange(start: number, end: number): Readable {
    return Readable.from(pieces(part(this.#source, start, end - start)), { objectMode: false });
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    if (position < 0 || position + length > this.#source.size) {
      callback(new Error("it points outside the file"));
      return;
    }
    this.#source.read(buffer.subarray(offset, offset + length), position).then(() => callback(null), callback);
  }

  override close(callback: (error: Error | null) => void): void {
    callback(null);
  }
}

/** Lists a zip file. */
export async function openArchive(source: ByteSource): Promise<Archive> {
  const { name, size } = source;
  if (size < 22) throw malformed(`${name}: a zip file must have at least 22 bytes, got ${size}.`);
  const zip = await yauzl
    .fromRandomAccessReaderPromise(new SourceReader(source), size, { autoClose: false })
    .catch((cause: unknown) => {
      throw zipFailure(name, cause);
    });
  const entries: Entry[] = [];
  try {
    for await (const entry of zip.eachEntry()) {
      entries.push(entry);
      if (entries.length > maxEntries)
        throw unsupported(`${name}: an archive must have at most ${maxEntries} entries.`);
    }
  } catch (cause) {
    throw zipFailure(name, cause);
  }
  return { zip, entries };
}

/** The contents of an entry, unpacked as they are read; no more bytes than the entry says. */
export async function openEntry(name: string, { zip }: Archive, entry: Entry): Promise<Readable> {
  const stream = await zip.openReadStreamPromise(entry).catch((cause: unknown) => {
    throw zipFailure(name, cause);
  });
  // yauzl reports some errors late, when nobody reads any more.
  stream.on("error", () => undefined);
  return stream;
}

export function zipFailure(name: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const said = cause instanceof Error ? cause.message : String(cause);
  return malformed(`${name}: the archive must be a sound zip file, got: ${said}.`, cause);
}
