import { open, type FileHandle } from "node:fs/promises";
import { malformed, unreadable, unsupported } from "../fileError.js";

/** Bytes that can be read at any place: a file, a part of one, or memory. */
export interface ByteSource {
  /** What messages call it. */
  readonly name: string;
  readonly size: number;
  /** Fills `into` with the bytes from position `at`. */
  read(into: Uint8Array, at: number): Promise<void>;
  close(): Promise<void>;
}

/** Opens a file. Anything but a regular file is refused. */
export async function openFile(path: string): Promise<ByteSource> {
  const handle = await open(path).catch((cause: unknown) => {
    throw unreadable(path, "read", cause);
  });
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) throw unsupported(`${path}: input must be a regular file, got a folder, pipe or device.`);
    return fileSource(path, handle, stat.size);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

function fileSource(name: string, handle: FileHandle, size: number): ByteSource {
  return {
    name,
    size,
    async read(into, at) {
      for (let done = 0; done < into.length;) {
        const { bytesRead } = await handle.read(into, done, into.length - done, at + done).catch((cause: unknown) => {
          throw unreadable(name, "read", cause);
        });
        if (bytesRead === 0) throw ended(name, into.length, at);
        done += bytesRead;
      }
    },
    close: () => handle.close(),
  };
}

/** Bytes that are in memory. */
export function bytesSource(name: string, bytes: Uint8Array): ByteSource {
  return {
    name,
    size: bytes.length,
    async read(into, at) {
      if (at + into.length > bytes.length) throw ended(name, into.length, at);
      into.set(bytes.subarray(at, at + into.length));
    },
    close: async () => undefined,
  };
}

/** A part of a source, which it does not close. */
export function part(source: ByteSource, start: number, size: number, name: string = source.name): ByteSource {
  return {
    name,
    size,
    read: (into, at) => source.read(into, start + at),
    close: async () => undefined,
  };
}

/** A source that knows how far it was read last. */
export interface TrackedSource extends ByteSource {
  /** The share of the bytes before the place that was read last. */
  readonly fraction: () => number;
}

export function tracked(source: ByteSource): TrackedSource {
  let position = 0;
  return {
    name: source.name,
    size: source.size,
    fraction: () => (source.size === 0 ? 1 : position / source.size),
    read(into, at) {
      position = at + into.length;
      return source.read(into, at);
    },
    close: () => source.close(),
  };
}

/** The bytes in `[at, at + length)`. */
export async function readBytes(source: ByteSource, at: number, length: number): Promise<Uint8Array<ArrayBuffer>> {
  const bytes = new Uint8Array(length);
  await source.read(bytes, at);
  return bytes;
}

/** All bytes from `at` on, in pieces. */
export async function* pieces(source: ByteSource, at: number = 0): AsyncGenerator<Uint8Array> {
  const size = 2 ** 16;
  for (let start = at; start < source.size; start += size) {
    yield await readBytes(source, start, Math.min(size, source.size - start));
  }
}

function ended(name: string, wanted: number, at: number): Error {
  return malformed(
    `${name}: the file must have ${wanted} bytes at ${at}, got its end. It is cut off, or it changed meanwhile.`,
  );
}
