import type { Bytes, FunctionImport } from "../assembler/bytes.js";
import { call } from "../assembler/instructions.js";

/** What a module is given; calls number these first. `whole`: does what the table's program has at this place of its list. */
export const hostFunctions: readonly FunctionImport[] = [{ name: "whole", parameters: ["i32", "i32"], results: [] }];

export function callWhole(step: Bytes, table: Bytes): Bytes {
  return call(0, step, table);
}
