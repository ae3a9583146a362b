import {
  inputDTypes,
  isInputDType,
  isPlainObject,
  isSize,
  listRule,
  mostAxes,
  readable,
  readParts,
  recordRule,
  type Rule,
  type Rules,
} from "@losses/core";
import { modelDimsRule, textsRule } from "./requests.js";
import type { ModelNode, ModelParts, ModelTensor, ModelValue } from "./writeModel.js";

const name: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
const list: Rule = listRule("a list of plain objects", { domain: "a plain object", accepts: isPlainObject });
const dtype: Rule = { domain: inputDTypes.join(", "), accepts: isInputDType };

const modelRules: Rules<ModelParts> = {
  inputs: list,
  outputs: list,
  nodes: list,
  initializers: list,
  opset: { domain: "an integer > 0", accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0 },
  name,
};

const valueRules: Rules<ModelValue> = { name, dtype, shape: modelDimsRule };

const integer: Rule = { domain: "an integer", accepts: Number.isSafeInteger };
const integers = listRule("a list of integers", integer);

const attribute: Rule = {
  domain: "an integer, a list of integers or a text",
  accepts: (value) => typeof value === "string" || integer.accepts(value) || integers.accepts(value),
  read: (value) => (typeof value === "string" || integer.accepts(value) ? value : integers.read?.(value)),
};

const nodeRules: Rules<ModelNode> = {
  opType: name,
  inputs: textsRule,
  outputs: textsRule,
  attributes: recordRule("a plain object of integers, lists of integers and texts", attribute),
};

const tensorRules: Rules<ModelTensor> = {
  name,
  dtype,
  shape: listRule("a list of sizes", { domain: "a size", accepts: isSize }, mostAxes),
  data: listRule("a list of numbers", { domain: "a number", accepts: (value) => typeof value === "number" }),
};

/** The parts of a model as they were given, each read once; throws `OptionError`. */
export function readModelParts(parts: ModelParts): ModelParts {
  const where = "writeModel";
  const each = <T extends object>(
    what: string,
    items: readonly T[],
    rules: Rules<T>,
    required: (keyof T & string)[],
  ): T[] => Array.from(items, (item, i) => readParts(`${where}: ${what} ${i}`, item, rules, required));
  return readable(where, () => {
    const {
      inputs,
      outputs,
      nodes,
      initializers = [],
      ...rest
    } = readParts(where, parts, modelRules, ["inputs", "outputs", "nodes"]);
    return {
      ...rest,
      inputs: each("input", inputs, valueRules, ["name", "dtype", "shape"]),
      outputs: each("output", outputs, valueRules, ["name", "dtype", "shape"]),
      nodes: each("node", nodes, nodeRules, ["opType", "inputs", "outputs"]),
      initializers: each("initializer", initializers, tensorRules, ["name", "dtype", "shape", "data"]),
    };
  });
}
