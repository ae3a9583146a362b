import { malformed } from "../../fileError.js";

/** Fields and list items of one structure. */
const maxNodes = 2 ** 19;
const maxDepth = 32;

/**
 * Walks a structure in Thrift's compact protocol without keeping anything, and gives the position behind it. What it lets pass
 * can be parsed in memory and time that its own bytes bound: lengths are within the bytes, numbers have ten bytes at most.
 */
export function checkThrift(name: string, bytes: Uint8Array, start: number = 0): number {
  let at = start;
  let nodes = 0;
  const wrong = (): Error => malformed(`${name}: its description must be sound (Thrift), got lengths that cannot be.`);
  const count = (): void => {
    nodes += 1;
    if (nodes > maxNodes) throw wrong();
  };
  const byte = (): number => {
    const value = bytes[at];
    if (value === undefined) throw malformed(`${name}: its description must be complete (Thrift), got its end.`);
    at += 1;
    return value;
  };
  /** An unsigned number of seven bits a byte; only small ones are told apart from large ones. */
  const number = (): number => {
    let value = 0;
    for (let i = 0; i < 10; i++) {
      const next = byte();
      value += (next & 0x7f) * 2 ** (7 * i);
      if (next < 0x80) return value;
    }
    throw wrong();
  };
  const skip = (length: number): void => {
    if (length > bytes.length - at) throw wrong();
    at += length;
  };
  const element = (type: number, depth: number): void => {
    count();
    switch (type) {
      case 1:
      case 2:
        return;
      case 3:
        return skip(1);
      case 4:
      case 5:
      case 6:
        number();
        return;
      case 7:
        return skip(8);
      case 8:
        return skip(number());
      case 9: {
        const head = byte();
        const length = head >> 4 === 15 ? number() : head >> 4;
        if (length > bytes.length - at) throw wrong();
        const isFlag = (head & 15) <= 2;
        for (let i = 0; i < length; i++) element(isFlag ? 3 : head & 15, depth + 1);
        return;
      }
      case 12:
        return structure(depth + 1);
      default:
        throw wrong();
    }
  };
  const structure = (depth: number): void => {
    if (depth > maxDepth) throw wrong();
    for (let head = byte(); (head & 15) !== 0; head = byte()) {
      if (head >> 4 === 0) number();
      element(head & 15, depth);
    }
  };
  structure(0);
  return at;
}
