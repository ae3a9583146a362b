import type { GivenData } from "./protocol.js";

/** All that makes a shared example. */
export interface Shared {
  readonly code: string;
  readonly backend: string;
  readonly inputs: Readonly<Record<string, GivenData>>;
}

/** The state as text for the address of a page: compressed, and letters that need no escape. */
export async function pack(shared: Shared): Promise<string> {
  const stream = new Blob([JSON.stringify(shared)]).stream().pipeThrough(new CompressionStream("deflate-raw"));
  const bytes = new Uint8Array(await new Response(stream).arrayBuffer());
  const text = Array.from(bytes, (byte) => String.fromCharCode(byte)).join("");
  return btoa(text).replace(/\+/g, "-").replace(/\//g, "_").replace(/=+$/, "");
}

/** The inverse of {@link pack}; `undefined` for text that is none. */
export async function unpack(packed: string): Promise<Shared | undefined> {
  try {
    const bytes = Uint8Array.from(atob(packed.replace(/-/g, "+").replace(/_/g, "/")), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
    const shared = JSON.parse(await new Response(stream).text()) as Partial<Shared>;
    if (typeof shared.code !== "string" || typeof shared.backend !== "string") return undefined;
    return { code: shared.code, backend: shared.backend, inputs: shared.inputs ?? {} };
  } catch {
    return undefined;
  }
}
