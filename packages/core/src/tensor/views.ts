import { printValue } from "../arguments.js";
import { InputError } from "../errors.js";

/** True if two views have bytes in common. */
export function viewsOverlap(a: ArrayBufferView, b: ArrayBufferView): boolean {
  for (const view of [a, b]) {
    if (ArrayBuffer.isView(view)) continue;
    throw new InputError(`viewsOverlap: both must be views of memory, got ${printValue(view)}.`, "INVALID_INPUT");
  }
  if (a.buffer !== b.buffer) return false;
  return a.byteOffset < b.byteOffset + b.byteLength && b.byteOffset < a.byteOffset + a.byteLength;
}
