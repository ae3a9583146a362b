import { isPlainObject, printValue, readable, readParts, type Rules } from "../arguments.js";
import type { InputType, PlainTensor } from "../backend.js";
import { InputError } from "../errors.js";
import { bindInputs, isInput, unknownInput, type GivenInput } from "../loss/bind.js";
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
  const { inputs: bound } = bindInputs(spec.loss.definition, given);
  return Object.fromEntries(
    bound.map(({ name, holds }) => {
      const { shape = [], dtype = "untyped" } = given[name] ?? {};
      const integers = holds.kind === "index" || (dtype !== "untyped" && isInteger(dtype));
      return [name, { data: zeros(`${spec.name}.warm: ${name}`, sizeOf(shape), integers), shape }];
    }),
  );
}

function readTypes({ name: loss, loss: { definition } }: LossSpec, inputs: unknown): Record<string, GivenInput> {
  if (!isPlainObject(inputs)) {
    const wanted = "a plain object of shapes, { input: { shape: [32, 10] } }";
    throw new InputError(`${loss}.warm: inputs must be ${wanted}, got ${printValue(inputs)}.`, "MISSING_INPUT");
  }
  const given: Record<string, GivenInput> = {};
  for (const name of Object.keys(inputs)) {
    if (!isInput(definition, name)) throw unknownInput(definition, name);
    const input = inputs[name];
    if (input === undefined) continue;
    const where = `${loss}.warm: ${name}`;
    const { shape, dtype = "untyped" } = readParts(where, input as InputType, rules, ["shape"]);
    given[name] = { shape: readShape(where, shape), dtype };
  }
  return given;
}

function zeros(where: string, size: number, integers: boolean): Int32Array | Float32Array {
  try {
    return integers ? new Int32Array(size) : new Float32Array(size);
  } catch (cause) {
    throw new InputError(`${where} must fit in memory, got ${size} elements.`, "INVALID_INPUT", { cause });
  }
}
