import { crc32 } from "node:zlib";
import type { Readable } from "node:stream";
import type { Entry } from "yauzl";
import { malformed } from "../../fileError.js";
import { openEntry, zipFailure, type Archive } from "./zipReader.js";

/** The contents of an archive's entry, from the first byte to the last. */
export interface Member {
  /** Fills `into` with the next bytes. */
  read(into: Uint8Array): Promise<void>;
  /** Demands that nothing follows, and that what was read has the checksum of the archive. */
  finish(): Promise<void>;
  close(): void;
}

export async function openMember(name: string, archive: Archive, entry: Entry): Promise<Member> {
  const stream = await openEntry(name, archive, entry);
  const chunks = chunksOf(name, stream);
  let rest: Uint8Array = new Uint8Array(0);
  let sum = 0;
  const next = async (): Promise<boolean> => {
    const { value, done } = await chunks.next();
    if (done === true) return false;
    sum = crc32(value, sum);
    rest = value;
    return true;
  };
  return {
    async read(into) {
      for (let done = 0; done < into.length;) {
        if (rest.length === 0 && !(await next())) {
          throw malformed(`${name}: the entry must have ${into.length - done} bytes more, got its end.`);
        }
        const taken = rest.subarray(0, into.length - done);
        into.set(taken, done);
        rest = rest.subarray(taken.length);
        done += taken.length;
      }
    },
    async finish() {
      if (rest.length > 0 || (await next()))
        throw malformed(`${name}: the entry must end after the array, got more bytes.`);
      if (sum !== entry.crc32)
        throw malformed(`${name}: the entry must have the checksum of the archive, got another.`);
    },
    close: () => void stream.destroy(),
  };
}

async function* chunksOf(name: string, stream: Readable): AsyncGenerator<Uint8Array, undefined> {
  try {
    for await (const chunk of stream) yield chunk as Uint8Array;
  } catch (cause) {
    throw zipFailure(name, cause);
  }
  return undefined;
}
