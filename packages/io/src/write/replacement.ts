import { randomBytes } from "node:crypto";
import { open, realpath, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { unreadable } from "../fileError.js";

/** A file that takes its place when it is complete: until then a file that was there stays as it was. */
export interface Replacement {
  /** Appends bytes, or writes them at a place. */
  write(bytes: Uint8Array, at?: number): Promise<void>;
  /** Puts the file in its place. */
  commit(): Promise<void>;
  /** Leaves no trace. Does nothing after `commit`. */
  discard(): Promise<void>;
}

/** Begins a file beside the one that it will replace. */
export async function replaceFile(path: string): Promise<Replacement> {
  // Through a link, what it leads to is replaced.
  const target = await realpath(path).catch(() => path);
  const beside = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString("hex")}.tmp`);
  const failed = (cause: unknown): never => {
    throw unreadable(path, "written", cause);
  };
  const handle = await open(beside, "wx").catch(failed);
  let end = 0;
  let isOpen = true;
  return {
    async write(bytes, at = end) {
      for (let done = 0; done < bytes.length;) {
        const { bytesWritten } = await handle.write(bytes, done, bytes.length - done, at + done).catch(failed);
        done += bytesWritten;
      }
      end = Math.max(end, at + bytes.length);
    },
    async commit() {
      isOpen = false;
      try {
        await handle.sync();
        await handle.close();
        await rename(beside, target);
      } catch (cause) {
        await rm(beside, { force: true });
        failed(cause);
      }
    },
    async discard() {
      if (!isOpen) return;
      isOpen = false;
      await handle.close();
      await rm(beside, { force: true });
    },
  };
}
