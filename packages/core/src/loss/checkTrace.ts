import { isListOf, isObject, isTexts, printValue, readable, readParts, type Rules } from "../arguments.js";
import { LossesError, OptionError } from "../errors.js";
import { isShape } from "../graph/attributes.js";
import type { Dim } from "../tensor/dims.js";
import { isFloat } from "../tensor/dtype.js";
import { checkPresence, isInput, unknownInput, type Binding, type BoundInput } from "./bind.js";
import { checkSpec } from "./checkSpec.js";
import type { LossSpec } from "./define.js";
import { readKind } from "./readInput.js";
import type { TraceRequest } from "./traceLoss.js";

const rules: Rules<TraceRequest> = {
  dtype: { domain: "float16, float32 or float64", accepts: (value) => isFloat(value as "float32") },
  gradients: { domain: "a list of names of inputs", accepts: isTexts },
  parts: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  simplified: { domain: "true or false", accepts: (value) => typeof value === "boolean" },
  seed: { domain: '"ones" or "input"', accepts: (value) => value === "ones" || value === "input" },
};

interface ReadTrace {
  readonly inputs: readonly BoundInput[];
  readonly request: TraceRequest;
}

/** What a loss is traced for and over, each part read once; throws where the loss or its inputs are none. */
export function readTrace(spec: LossSpec, binding: Binding, request: TraceRequest): ReadTrace {
  checkSpec("traceLoss", spec);
  const inputs: BoundInput[] = [];
  const isRead = (input: unknown): boolean => {
    const { name, shape, holds, integral, differentiable } = (isObject(input) ? input : {}) as Partial<BoundInput>;
    const dims: Dim[] = [];
    const isOne =
      typeof name === "string" &&
      isListOf(shape, (dim) => isShape([dim]) && dims.push(dim as Dim) > 0) &&
      typeof integral === "boolean";
    return (
      isOne &&
      inputs.push({
        name,
        shape: dims,
        holds: readKind("traceLoss: an input", holds),
        integral,
        differentiable: differentiable === true,
      }) > 0
    );
  };
  readable("traceLoss", () => {
    if (isObject(binding) && isListOf(binding.inputs, isRead)) return;
    throw new OptionError(`traceLoss: the binding must be what bindInputs gives, got ${printValue(binding)}.`);
  });
  const names = inputs.map(({ name }) => name);
  for (const name of names) if (!isInput(spec.loss.definition, name)) throw unknownInput(spec.loss.definition, name);
  checkPresence(spec.loss.definition, names);
  const read = readParts("traceLoss", request, rules, ["dtype", "gradients"]);
  for (const name of read.gradients) {
    if (names.includes(name)) continue;
    throw new LossesError("UNKNOWN_INPUT", `${spec.name}: gradients must be of given inputs, got ${printValue(name)}.`);
  }
  return { inputs, request: read };
}
