import { InputError } from "../errors.js";
import type { BoundInput } from "../loss/bind.js";
import { ignoredIndex, ignoreIndexInGraph } from "../loss/ignoreIndex.js";
import type { Bound, FloatRange } from "../loss/inputs.js";
import type { HostTensor } from "../backend.js";
import { evaluateDim } from "../tensor/dimArithmetic.js";
import type { Dim, DimSizes } from "../tensor/dims.js";
import type { DType } from "../tensor/dtype.js";
import { fromHalfBits } from "../tensor/half.js";
import { toHost, type PlainArray } from "./host.js";

/** What of a loss is needed to check what it is fed. */
interface Checked {
  readonly name: string;
  readonly options: Readonly<Record<string, unknown>>;
}

/** True when an input's values have to be looked at before a run, if they are plain data. */
function needsPlainCheck(input: BoundInput): boolean {
  const { holds } = input;
  return holds.kind === "number" ? (holds.range ?? holds.values) !== undefined : needsRangeCheck(input);
}

/** True when an input's values have to be looked at before a run, even where a device holds them. */
export function needsRangeCheck({ holds }: BoundInput): boolean {
  if (holds.kind === "float") return holds.range !== undefined;
  return holds.kind === "index" && (holds.below !== undefined || holds.atMost !== undefined);
}

/** The elements of a tensor as numbers. */
export function numbersOf({ data, dtype }: HostTensor): Numbers {
  return dtype === "float16" ? Float64Array.from(data, fromHalfBits) : data;
}

type Numbers = ArrayLike<number | bigint>;

/** Numbers must be within their bounds, or equal the index that the loss ignores; as PyTorch checks on the CPU. */
export function checkRange(
  spec: Checked,
  input: BoundInput,
  data: Numbers,
  sizes: DimSizes,
  others: (input: string) => Numbers | undefined = () => undefined,
): void {
  const { holds } = input;
  if (holds.kind === "float" || holds.kind === "number") checkFloats(spec, input.name, holds.range, data);
  if (holds.kind === "number") checkValues(spec, input.name, holds.values, data);
  if (holds.kind !== "index" || !needsRangeCheck(input)) return;
  const { from, except, sum } = holds;
  if (sum !== undefined) checkSum(spec, input.name, sum, data, sizes);
  const below = boundOf(spec, holds.below, sizes, others);
  const atMost = boundOf(spec, holds.atMost, sizes, others);
  const allowed = ignoredIndex(holds, spec.options);
  for (let i = 0; i < data.length; i++) {
    const index = Number(data[i]);
    const [limit, highest] = [below?.at(i) ?? Infinity, atMost?.at(i) ?? Infinity];
    if ((index >= from && index < limit && index <= highest) || index === allowed) continue;
    const option = typeof except === "string" ? `${except} = ` : "";
    const or = allowed === undefined ? "" : `, or ${option}${allowed}`;
    const what = atMost === undefined ? "class indices" : "integers";
    const most = Math.min(limit - 1, highest);
    const why = below?.name ?? atMost?.name;
    const said = why === undefined ? "" : ` (${why} = ${below === undefined ? highest : limit})`;
    throw new InputError(
      `${spec.name}: ${input.name} must hold ${what} in [${from}, ${most}]${said}${or}, got ${index} at position ${i}.`,
      "TARGET_OUT_OF_RANGE",
    );
  }
}

function checkSum({ name: loss }: Checked, input: string, letter: Dim, data: Numbers, sizes: DimSizes): void {
  const size = evaluateDim(letter, sizes);
  if (size === undefined) return;
  let total = 0;
  for (let i = 0; i < data.length; i++) total += Number(data[i]);
  if (total === size) return;
  throw new InputError(`${loss}: ${input} must add up to ${size} (${letter}), got ${total}.`, "INVALID_INPUT");
}

function checkFloats({ name: loss }: Checked, input: string, range: FloatRange | undefined, data: Numbers): void {
  if (range === undefined) return;
  const { from, to, nan } = range;
  for (let i = 0; i < data.length; i++) {
    const x = Number(data[i]);
    if ((x >= from && x <= to) || (nan && Number.isNaN(x))) continue;
    const wanted = to === Infinity ? `>= ${from}` : from === -Infinity ? `<= ${to}` : `in [${from}, ${to}]`;
    throw new InputError(`${loss}: ${input} must hold numbers ${wanted}, got ${x} at position ${i}.`, "INVALID_INPUT");
  }
}

function checkValues(spec: Checked, input: string, values: readonly number[] | undefined, data: Numbers): void {
  if (values === undefined) return;
  for (let i = 0; i < data.length; i++) {
    const x = Number(data[i]);
    if (values.includes(x) || Number.isNaN(x)) continue;
    throw new InputError(
      `${spec.name}: ${input} must hold ${values.join(" or ")}, got ${x} at position ${i}.`,
      "INVALID_INPUT",
    );
  }
}

interface ReadBound {
  readonly name: string | undefined;
  readonly at: (position: number) => number;
}

function boundOf(
  { options }: Checked,
  bound: Bound | undefined,
  sizes: DimSizes,
  others: (input: string) => Numbers | undefined,
): ReadBound | undefined {
  if (bound === undefined) return undefined;
  if (typeof bound === "number") return { name: undefined, at: () => bound };
  if (typeof bound === "string") {
    const size = evaluateDim(bound, sizes);
    // An axis of an input that is absent, or came in another form.
    return size === undefined ? undefined : { name: bound, at: () => size };
  }
  if ("computed" in bound) {
    const size = Number(bound.of(sizes));
    return { name: bound.computed, at: () => size };
  }
  if ("option" in bound) {
    const value = Number(options[bound.option]);
    return { name: bound.option, at: () => value };
  }
  const elements = others(bound.input);
  // Without that input there is nothing to hold against.
  if (elements === undefined) return undefined;
  return { name: bound.input, at: (position) => Number(elements[elements.length === 1 ? 0 : position] ?? Infinity) };
}

/**
 * Labels whose index to ignore has more than 32 bits, with what stands for it in the graph; others as they are. They are checked
 * before, for afterwards the number that stands for it cannot be told from the same number given.
 */
function narrowIgnored(spec: Checked, input: BoundInput, labels: PlainArray, sizes: DimSizes): PlainArray {
  const ignored = ignoredIndex(input.holds, spec.options);
  const inGraph = ignored === undefined ? undefined : ignoreIndexInGraph(ignored);
  if (inGraph === undefined || inGraph === ignored) return labels;
  checkRange(spec, input, labels.data, sizes);
  const data = Array.from<number | bigint, number>(labels.data, (label) =>
    Number(label) === ignored ? inGraph : Number(label),
  );
  return { ...labels, data };
}

/** Plain data of an input as a graph takes them; throws where they are not what it may hold. */
export function checkedHost(
  spec: Checked,
  input: BoundInput,
  given: PlainArray,
  sizes: DimSizes,
  dtype: DType,
): HostTensor {
  const plain = narrowIgnored(spec, input, given, sizes);
  const host = toHost(`${spec.name}: ${input.name}`, plain, dtype);
  if (plain === given && needsPlainCheck(input)) checkRange(spec, input, numbersOf(host), sizes);
  return host;
}
