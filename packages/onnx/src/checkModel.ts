import {
  inputDTypes,
  isInputDType,
  isListOf,
  isPlainObject,
  isTexts,
  readable,
  readParts,
  type Rule,
  type Rules,
} from "@losses/core";
import { dimsRule } from "./requests.js";
import type { ModelNode, ModelParts, ModelTensor, ModelValue } from "./writeModel.js";

const name: Rule = { domain: "a text", accepts: (value) => typeof value === "string" };
const names: Rule = { domain: "a list of names", accepts: isTexts };
const list: Rule = { domain: "a list of plain objects", accepts: (value) => isListOf(value, isPlainObject) };
const dtype: Rule = { domain: inputDTypes.join(", "), accepts: isInputDType };

const modelRules: Rules<ModelParts> = {
  inputs: list,
  outputs: list,
  nodes: list,
  initializers: list,
  opset: { domain: "an integer > 0", accepts: (value) => Number.isSafeInteger(value) && Number(value) > 0 },
  name,
};

const valueRules: Rules<ModelValue> = { name, dtype, shape: dimsRule };

const nodeRules: Rules<ModelNode> = {
  opType: name,
  inputs: names,
  outputs: names,
  attributes: {
    domain: "a plain object of integers, lists of integers and texts",
    accepts: (value) => isPlainObject(value) && Object.values(value).every(isAttribute),
  },
};

function isAttribute(value: unknown): boolean {
  return typeof value === "string" || isInteger(value) || isListOf(value, isInteger);
}

function isInteger(value: unknown): boolean {
  return Number.isSafeInteger(value);
}

const tensorRules: Rules<ModelTensor> = {
  name,
  dtype,
  shape: {
    domain: "a list of sizes",
    accepts: (value) => dimsRule.accepts(value) && isListOf(value, isInteger),
  },
  data: {
    domain: "a list of numbers",
    accepts: (value) => isListOf(value, (item) => typeof item === "number"),
  },
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
