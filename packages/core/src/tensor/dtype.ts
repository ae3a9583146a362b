import { printValue } from "../arguments.js";
import { DTypeError } from "../errors.js";

/** Floating dtypes a loss can be computed in. */
export type FloatDType = "float16" | "float32" | "float64";

/** Every dtype that occurs inside a graph. Class indices are int32 there, whatever they came as. */
export type DType = FloatDType | "int32" | "bool";

/** Dtypes accepted at the door; int64 is narrowed to int32 when it is bound. */
export type InputDType = DType | "int64";

const dtypes: { readonly [K in InputDType]: true } = {
  float16: true,
  float32: true,
  float64: true,
  int32: true,
  int64: true,
  bool: true,
};

/** The names of the dtypes that are accepted at the door. */
export const inputDTypes: readonly InputDType[] = Object.keys(dtypes) as InputDType[];

export function isInputDType(value: unknown): value is InputDType {
  return typeof value === "string" && Object.hasOwn(dtypes, value);
}

export function isFloat(dtype: InputDType): dtype is FloatDType {
  return dtype === "float16" || dtype === "float32" || dtype === "float64";
}

export function isInteger(dtype: InputDType): dtype is "int32" | "int64" {
  return dtype === "int32" || dtype === "int64";
}

/** Unit roundoff: half the distance from 1 to the next representable number. */
export function unitRoundoff(dtype: FloatDType): number {
  switch (dtype) {
    case "float16":
      return 2 ** -11;
    case "float32":
      return 2 ** -24;
    case "float64":
      return 2 ** -53;
    default:
      throw new DTypeError(
        `unitRoundoff: dtype must be float16, float32 or float64, got ${printValue(dtype satisfies never)}.`,
      );
  }
}
