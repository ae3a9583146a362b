import { malformed } from "../../fileError.js";

/**
 * Checks numbers that are written as runs and packed bits (Parquet's hybrid) for having `count` numbers within their bytes, and
 * gives the position behind them.
 */
export function checkRuns(name: string, bytes: Uint8Array, start: number, bitWidth: number, count: number): number {
  let at = start;
  let seen = 0;
  while (seen < count) {
    let head = 0;
    for (let shift = 0; ; shift += 7) {
      const byte = bytes[at];
      if (byte === undefined || shift > 28) throw wrong(name);
      at += 1;
      head += (byte & 0x7f) * 2 ** shift;
      if (byte < 0x80) break;
    }
    const isPacked = head % 2 === 1;
    const length = isPacked ? Math.floor(head / 2) * 8 : head / 2;
    // Packed bits come by eights, and the last eight may not all be meant.
    if (length === 0 || length > count - seen + (isPacked ? 7 : 0)) throw wrong(name);
    at += isPacked ? (length / 8) * bitWidth : Math.ceil(bitWidth / 8);
    if (at > bytes.length) throw wrong(name);
    seen += length;
  }
  return at;
}

function wrong(name: string): Error {
  return malformed(`${name}: the runs of a page must have as many values as the page, within its bytes, got others.`);
}
