import { isPlainObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import type { InputType, PlainTensor } from "../backend.js";
import { InputError } from "../errors.js";
import { bindInputs, isDeclared, unknownInput, type GivenInput } from "../loss/bind.js";
import { elementName, listsOf, regrouped } from "../loss/lists.js";
import type { LossSpec } from "../loss/define.js";
import { readShape, sizeOf } from "../tensor/dims.js";
import { inputDTypes, isInputDType, isInteger } from "../tensor/dtype.js";

const rules: Rules<InputType> = {
  shape: { domain: "a list of sizes", accepts: Array.isArray },
  dtype: { domain: inputDTypes.join(", "), accepts: isInputDType },
};

/** Feeds of zeros for inputs of these shapes: what a loss is warmed up with. 0 is a class in every batch. */
export function zeroFeeds(spec: LossSpec, inputs: unknown): Readonly<Record<string, PlainTensor>> {
  const given = readable(`${spec.name}.warm`, () => readTypes(spec, inputs));
  const { inputs: bound } = bindInputs(spec.loss.definition, given, spec.options);
  const feeds = Object.fromEntries(
    bound.map(({ name, holds }): [string, PlainTensor] => {
      const { shape = [], dtype = "untyped" } = given[name] ?? {};
      const integers = holds.kind === "index" || (dtype !== "untyped" && isInteger(dtype));
      const data = zeros(`${spec.name}.warm: ${name}`, sizeOf(shape), integers);
      // Everything counts, and integers are the smallest that are allowed.
      if (holds.kind === "mask") data.fill(1);
      else if (holds.kind === "index") data.fill(holds.from);
      else if (holds.kind === "number") data.fill(holds.values?.[0] ?? Math.max(0, holds.range?.from ?? 0));
      return [name, { data, shape }];
    }),
  );
  return regrouped(spec.loss.definition, feeds) as Readonly<Record<string, PlainTensor>>;
}

function readTypes({ name: loss, loss: { definition } }: LossSpec, inputs: unknown): Record<string, GivenInput> {
  if (!isPlainObject(inputs)) {
    const wanted = "a plain object of shapes, { input: { shape: [32, 10] } }";
    throw new InputError(`${loss}.warm: inputs must be ${wanted}, got ${printValue(inputs)}.`, "MISSING_INPUT");
  }
  const given: Record<string, GivenInput> = {};
  for (const name of Object.keys(inputs)) {
    if (!isDeclared(definition, name)) throw unknownInput(definition, name);
    const input: unknown = inputs[name];
    if (input === undefined) continue;
    const items = listsOf(definition).has(name) && Array.isArray(input) ? input : undefined;
    if (items === undefined) given[name] = readType(`${loss}.warm: ${name}`, input);
    else items.forEach((item, i) => (given[elementName(name, i)] = readType(`${loss}.warm: ${name}`, item)));
  }
  return given;
}

function readType(where: string, input: unknown): GivenInput {
  const { shape, dtype = "untyped" } = readParts(where, input as InputType, rules, ["shape"]);
  return { shape: readShape(where, shape), dtype };
}

function zeros(where: string, size: number, integers: boolean): Int32Array | Float32Array {
  try {
    return integers ? new Int32Array(size) : new Float32Array(size);
  } catch (cause) {
    throw new InputError(
      `${where} must fit in memory, got ${size} elements. Warm with smaller sizes.`,
      "INVALID_INPUT",
      { cause },
    );
  }
}
