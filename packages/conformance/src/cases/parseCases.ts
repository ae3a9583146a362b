import { checkArgument, elementName, printValue, type InputDType } from "@losses/core";
import { textRule } from "../arguments.js";
import {
  decodeNumber,
  type Case,
  type CaseError,
  type CaseInput,
  type CaseTensor,
  type Expected,
} from "./caseFormat.js";

/** A case that could be read, or the line to print in its place. */
export type ParsedCase = { readonly read: Case } | { readonly unreadable: CaseError };

/**
 * Reads cases from text: a JSON array, a single object, or one object per line. A byte order mark and blank lines
 * are skipped. What is not a case becomes an `unreadable` entry; the rest is still read.
 */
export function parseCases(text: string): readonly ParsedCase[] {
  checkArgument("parseCases", "the input", text, textRule);
  const unmarked = text.replace(/^\uFEFF/, "");
  const body = unmarked.trim();
  if (body === "") return [];
  if (body.startsWith("[")) {
    const whole = parseJSON(body);
    if ("failed" in whole) return [unreadable(null, `the input must be a JSON array of cases, got ${whole.failed}`)];
    return Array.isArray(whole.value) ? whole.value.map(readCase) : [];
  }
  const single = parseJSON(body);
  if (!("failed" in single)) return [readCase(single.value)];
  return unmarked
    .split("\n")
    .map((line, i) => ({ line: line.trim(), number: i + 1 }))
    .filter(({ line }) => line !== "")
    .map(({ line, number }) => {
      const parsed = parseJSON(line);
      return "failed" in parsed
        ? unreadable(null, `line ${number} must be a JSON object, got ${parsed.failed}`)
        : readCase(parsed.value);
    });
}

/** Reads one decoded JSON value as a case. */
export function readCase(value: unknown): ParsedCase {
  try {
    return caseOf(value);
  } catch (error) {
    return unreadable(null, `a case must be plain data, got ${printValue(error)}`);
  }
}

function caseOf(value: unknown): ParsedCase {
  if (!isRecord(value)) return unreadable(null, `a case must be a JSON object, got ${describe(value)}`);
  const id = typeof value.id === "string" ? value.id : null;
  const { loss, options = {}, inputs } = value;
  if (typeof loss !== "string") return unreadable(id, `"loss" must be a string, got ${describe(loss)}`);
  if (!isRecord(options)) return unreadable(id, `"options" must be an object, got ${describe(options)}`);
  if (!Array.isArray(inputs)) return unreadable(id, `"inputs" must be an array, got ${describe(inputs)}`);
  const read: CaseInput[] = [];
  for (const input of inputs as readonly unknown[]) {
    for (const parsed of readInputs(input)) {
      if (typeof parsed === "string") return unreadable(id, parsed);
      read.push(parsed);
    }
  }
  const expected = readExpected(value.expected);
  return {
    read: {
      id: id ?? "",
      loss,
      options,
      inputs: read,
      ...(value.parts === true ? { parts: true } : {}),
      ...(expected === undefined ? {} : { expected }),
      ...(typeof value.source === "string" ? { source: value.source } : {}),
      ...(typeof value.note === "string" ? { note: value.note } : {}),
    },
  };
}

/** An input, or the elements of one that is a list; what is wrong, as a text. */
function readInputs(value: unknown): readonly (CaseInput | string)[] {
  if (!isRecord(value) || value.list === undefined) return [readInput(value)];
  const { name, list, ...common } = value;
  if (typeof name !== "string") return [readInput(value)];
  if (!Array.isArray(list)) return [`"list" of ${name} must be an array of tensors, got ${describe(list)}`];
  const read: (CaseInput | string)[] = [];
  for (const element of list as readonly unknown[]) {
    const one = readInput({ ...common, ...(isRecord(element) ? element : {}), name: elementName(name, read.length) });
    if (typeof one === "string") return [one];
    read.push(one);
  }
  return read;
}

function readInput(value: unknown): CaseInput | string {
  if (!isRecord(value)) return `an input must be an object, got ${describe(value)}`;
  const { name, dtype = "float32", grad = false } = value;
  if (typeof name !== "string") return `an input must have a name, got ${describe(name)}`;
  if (typeof dtype !== "string") return `dtype of ${name} must be a string, got ${describe(dtype)}`;
  const tensor = readTensor(value);
  if (tensor === undefined)
    return `${name} must have a "shape" of integers and "data" of numbers, "NaN" or "±Infinity"`;
  // A dtype that no loss takes is refused where the loss is bound, as an error of the case.
  return { name, dtype: dtype as InputDType, ...tensor, grad: grad === true };
}

function readTensor(value: unknown): CaseTensor | undefined {
  if (!isRecord(value)) return undefined;
  const shape = numbersOf(value.shape, (dim) => (typeof dim === "number" ? dim : undefined));
  const data = numbersOf(value.data, decodeNumber);
  return shape === undefined || data === undefined ? undefined : { shape, data };
}

/** The numbers of a list, up to the first that is none: holes come without end. */
function numbersOf(value: unknown, read: (item: unknown) => number | undefined): readonly number[] | undefined {
  if (!Array.isArray(value)) return undefined;
  const numbers: number[] = [];
  for (const item of value as readonly unknown[]) {
    const number = read(item);
    if (number === undefined) return undefined;
    numbers.push(number);
  }
  return numbers;
}

/** The expected part, where it is well formed; whoever only evaluates ignores it. */
function readExpected(value: unknown): Expected | undefined {
  if (!isRecord(value)) return undefined;
  if (typeof value.error === "string") return { error: value.error };
  const tensor = readTensor(value.value);
  if (tensor === undefined) return undefined;
  const [grads, parts] = [readTensors(value.grads), readTensors(value.parts)];
  if (grads === undefined || parts === undefined) return undefined;
  return { value: tensor, grads, ...(value.parts === undefined ? {} : { parts }) };
}

function readTensors(value: unknown): Readonly<Record<string, CaseTensor>> | undefined {
  const tensors: Record<string, CaseTensor> = {};
  for (const [name, tensor] of Object.entries(isRecord(value) ? value : {})) {
    const read = readTensor(tensor);
    if (read === undefined) return undefined;
    tensors[name] = read;
  }
  return tensors;
}

function unreadable(id: string | null, what: string): ParsedCase {
  return { unreadable: { id, error: { class: "InputError", code: "INVALID_INPUT", message: `case: ${what}.` } } };
}

function parseJSON(text: string): { readonly value: unknown } | { readonly failed: string } {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error) };
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function describe(value: unknown): string {
  return value === undefined ? "nothing" : printValue(value);
}
