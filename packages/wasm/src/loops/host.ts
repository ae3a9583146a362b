import { erf } from "@losses/core";
import { concat, type Bytes, type FunctionImport } from "../assembler/bytes.js";
import { call } from "../assembler/instructions.js";

export type HostMath = "pow" | "expm1" | "log1p" | "tanh" | "atan" | "erf";

/** Functions of one number or two that JavaScript provides. */
export const hostMath: { readonly [K in HostMath]: (x: number, y: number) => number } = {
  pow: Math.pow,
  expm1: Math.expm1,
  log1p: Math.log1p,
  tanh: Math.tanh,
  atan: Math.atan,
  erf,
};

/** What a module is given; calls number these first. `whole`: does what the table's program has at this place of its list. */
export const hostFunctions: readonly FunctionImport[] = [
  ...Object.entries(hostMath).map(([name, compute]): FunctionImport => ({
    name,
    parameters: Array.from({ length: compute.length }, () => "f64"),
    results: ["f64"],
  })),
  { name: "whole", parameters: ["i32", "i32"], results: [] },
];

export function callHost(name: HostMath | "whole", ...operands: readonly Bytes[]): Bytes {
  return call(
    hostFunctions.findIndex((own) => own.name === name),
    concat(operands),
  );
}
