import { cut, isListOf, isObject, isTexts, printValue, readable, readParts, type Rules } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { isShape } from "../graph/attributes.js";
import { mostAxes } from "../tensor/dims.js";
import { isFloat } from "../tensor/dtype.js";
import { checkPresence, isInput, unknownInput, type Binding, type BoundInput } from "./bind.js";
import { checkSpec } from "./checkSpec.js";
import type { LossSpec } from "./define.js";
import { readKind } from "./inputs.js";
import type { TraceRequest } from "./traceLoss.js";

const rules: Rules<TraceRequest> = {
  dtype: { domain: "float16, float32 or float64", accepts: (value) => isFloat(value as "float32") },
  gradients: { domain: "a list of names of inputs", accepts: isTexts },
  simplified: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  seed: { domain: '"ones" or "input"', accepts: (value) => value === "ones" || value === "input" },
};

/** What a loss is traced for, and over which inputs. */
export interface TraceParts extends TraceRequest {
  readonly inputs: readonly BoundInput[];
}

/** What a loss is traced for, each part read once; throws where the loss or its inputs are none. */
export function readTraceRequest(spec: LossSpec, binding: Binding, request: TraceRequest): TraceParts {
  checkSpec("traceLoss", spec);
  const inputs = readable("traceLoss", () => readBinding(binding));
  const names = inputs.map(({ name }) => name);
  for (const name of names) if (!isInput(spec.loss.definition, name)) throw unknownInput(spec.loss.definition, name);
  checkPresence(spec.loss.definition, names);
  const read = readParts("traceLoss", request, rules, ["dtype", "gradients"]);
  for (const name of read.gradients) {
    if (names.includes(name)) continue;
    throw new LossesError("UNKNOWN_INPUT", `${spec.name}: gradients must be of given inputs, got ${printValue(name)}.`);
  }
  return { ...read, inputs };
}

function readBinding(binding: unknown): readonly BoundInput[] {
  const inputs: BoundInput[] = [];
  const isRead = (input: unknown): boolean => {
    const own = readBound(input);
    return own !== undefined && inputs.push(own) > 0;
  };
  if (isObject(binding) && isListOf(binding["inputs"], isRead)) return inputs;
  throw new OptionError(`traceLoss: the binding must be what bindInputs gives, got ${printValue(binding)}.`);
}

function readBound(input: unknown): BoundInput | undefined {
  if (!isObject(input)) return undefined;
  const { name, shape, holds, integral, differentiable } = input;
  const dims: unknown[] = [];
  const isList = isListOf(shape, (dim) => dims.push(dim) <= mostAxes);
  if (typeof name !== "string" || !isList || !isShape(dims) || typeof integral !== "boolean") return undefined;
  return {
    name,
    shape: dims,
    holds: readKind(`traceLoss: ${cut(name)}`, holds),
    integral,
    differentiable: differentiable === true,
  };
}
