import {
  checkArgument,
  formatShape,
  fromHalfBits,
  isObject,
  OptionError,
  printValue,
  readable,
  readShape,
  ShapeError,
  sizeOf,
  type HostTensor,
  type InputDType,
  type Rule,
} from "@losses/core";

/** A number as JSON holds it: NaN and the infinities are strings. */
export type JSONNumber = number | "NaN" | "Infinity" | "-Infinity";

/** Numbers of a case: a shape and row-major data. */
export interface CaseTensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** One input of a case, or one element of an input that is a list. */
export interface CaseInput extends CaseTensor {
  /** Of an element, with its place: `fake.0`. */
  readonly name: string;
  readonly dtype: InputDType;
  /** True if the gradient towards it is asked for. */
  readonly grad: boolean;
}

/** What a case must give: a value with gradients by input name (and parts by theirs), or the class of a typed error. */
export type Expected =
  | {
      readonly value: CaseTensor;
      readonly grads: Readonly<Record<string, CaseTensor>>;
      readonly parts?: Readonly<Record<string, CaseTensor>>;
    }
  | { readonly error: string };

/** One call of one loss, read from the case format; numbers are decoded. */
export interface Case {
  readonly id: string;
  readonly loss: string;
  /** As JSON holds them; `specFromJSON` decodes. */
  readonly options: Readonly<Record<string, unknown>>;
  readonly inputs: readonly CaseInput[];
  /** True if the parts of the loss are asked for. */
  readonly parts?: boolean;
  readonly expected?: Expected;
  readonly source?: string;
  readonly note?: string;
}

/** A case of which the answer is known. */
export interface Fixture extends Case {
  readonly expected: Expected;
}

/** A tensor in the output of a run. */
export interface JSONTensor {
  readonly shape: readonly number[];
  readonly data: readonly JSONNumber[];
}

/** What running a case gives, in the form that `losses eval` prints. */
export type CaseResult = CaseValue | CaseError;

export interface CaseValue {
  readonly id: string | null;
  readonly value: JSONTensor;
  /** Absent when gradients were not asked for. */
  readonly grads?: Readonly<Record<string, JSONTensor>>;
  /** The parts of the loss, where they were asked for. */
  readonly parts?: Readonly<Record<string, JSONTensor>>;
  readonly backend: string;
  readonly device: string;
}

export interface CaseError {
  readonly id: string | null;
  readonly error: { readonly class: string; readonly code: string; readonly message: string };
}

const names: Readonly<Record<string, number>> = { NaN: Number.NaN, Infinity: Infinity, "-Infinity": -Infinity };

/** The number behind its JSON form; `undefined` for anything else. Booleans count as 0 and 1. */
export function decodeNumber(value: unknown): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value === "boolean") return value ? 1 : 0;
  return typeof value === "string" && Object.hasOwn(names, value) ? names[value] : undefined;
}

/** A number as JSON can hold it. */
export function encodeNumber(value: number): JSONNumber {
  if (typeof value !== "number") {
    throw new OptionError(`encodeNumber: the value must be a number, got ${printValue(value)}.`);
  }
  if (Number.isFinite(value)) return value;
  return Number.isNaN(value) ? "NaN" : value > 0 ? "Infinity" : "-Infinity";
}

const hostTensorRule: Rule = {
  domain: "a tensor in JavaScript memory: data, shape and dtype",
  accepts: (value) => {
    const { data, dtype } = (isObject(value) ? value : {}) as Partial<HostTensor>;
    return ArrayBuffer.isView(data) && "length" in data && typeof dtype === "string";
  },
};

/** Row-major numbers as JSON can hold them. */
export function encodeTensor(tensor: HostTensor): JSONTensor {
  const given = readable("encodeTensor", () =>
    isObject(tensor) ? { data: tensor.data, dtype: tensor.dtype } : tensor,
  );
  checkArgument("encodeTensor", "the tensor", given, hostTensorRule);
  const shape = readShape(
    "encodeTensor: the tensor",
    readable("encodeTensor", () => tensor.shape),
  );
  const number = given.dtype === "float16" ? fromHalfBits : Number;
  // An array has no elements any more where its memory has gone to another thread.
  if (given.data.length !== sizeOf(shape)) {
    const wanted = `${sizeOf(shape)} elements for shape ${formatShape(shape)}`;
    throw new ShapeError(`encodeTensor: the tensor must have ${wanted}, got ${given.data.length}.`);
  }
  return { shape, data: Array.from(given.data, (item) => encodeNumber(number(item))) };
}
