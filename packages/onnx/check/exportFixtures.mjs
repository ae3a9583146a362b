// Writes the golden fixtures as ONNX models with inputs, expected outputs and the error that is allowed for each element.
// Usage: node check/exportFixtures.mjs <folder> [float32 | float64 | float16] [any | cpu]
import { mkdirSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { allLosses, bindInputs, gradientOutput, isFloat, specFromJSON } from "@losses/core";
import { exportLoss, lossGraph } from "@losses/onnx";
import { root } from "../../../tooling/repository.mjs";

// The suite runs on this package, which therefore cannot depend on it: it is found from where it lies.
const suite = createRequire(join(root, "packages", "conformance", "package.json"));
/** @type {typeof import("@losses/conformance")} */
const { boundCase, encodeNumber, loadFixtures, tolerances } = await import(
  pathToFileURL(suite.resolve("@losses/conformance")).href
);

const [folder, dtype = "float32", provider = "any"] = process.argv.slice(2);
if (folder === undefined || !["float32", "float64", "float16"].includes(dtype) || !["any", "cpu"].includes(provider)) {
  throw new Error("usage: node check/exportFixtures.mjs <folder> [float32 | float64 | float16] [any | cpu]");
}

/** The dtype that a model takes an input in. */
function modelDType(input) {
  return isFloat(input.dtype) ? dtype : input.dtype;
}

/** Whether a model with these input shapes takes a case of these sizes. */
function takes(shapes, inputs) {
  const sizes = new Map();
  return inputs.every(({ name, shape }) => {
    const dims = shapes[name];
    return (
      dims.length === shape.length &&
      dims.every((dim, i) => {
        if (typeof dim === "string" && !sizes.has(dim)) sizes.set(dim, shape[i]);
        return (sizes.get(dim) ?? dim) === shape[i];
      })
    );
  });
}

/** The inputs as they are asked for when the model is made: without shapes where those that nobody asked for fit. */
function requestsFor(spec, inputs) {
  const plain = Object.fromEntries(inputs.map((input) => [input.name, { dtype: modelDType(input) }]));
  const shapes = Object.entries(lossGraph(spec, { dtype, inputs: plain }).inputs).map(([name, { shape }]) => [
    name,
    shape,
  ]);
  if (takes(Object.fromEntries(shapes), inputs)) return plain;
  const given = Object.fromEntries(inputs.map((input) => [input.name, input]));
  const bound = bindInputs(spec.loss.definition, given, spec.options).inputs.map(({ name, shape }) => [
    name,
    { shape },
  ]);
  return Object.fromEntries(bound.map(([name, shape]) => [name, { ...shape, ...plain[name] }]));
}

/** Model files by what they were made of. */
const models = new Map();

function modelFor(spec, inputs, gradients) {
  const key = JSON.stringify([spec, inputs, gradients]);
  const known = models.get(key);
  if (known !== undefined) return known.file;
  const file = `${String(models.size).padStart(4, "0")}-${spec.name}.onnx`;
  writeFileSync(join(folder, file), exportLoss(spec, { dtype, provider, inputs, gradients }));
  models.set(key, { file, outputs: ["value", ...gradients.map(gradientOutput)] });
  return file;
}

const numbers = (data) => Array.from(data, encodeNumber);

function writeCase(fixture) {
  const { id, loss, options, inputs, expected } = fixture;
  const spec = specFromJSON(allLosses, { name: loss, options });
  const bounds = boundCase(fixture, dtype);
  const outputs = { value: expected.value };
  for (const [name, grad] of Object.entries(expected.grads)) outputs[gradientOutput(name)] = grad;
  const requests = requestsFor(spec, inputs);
  const gradients = Object.keys(expected.grads);
  return {
    id,
    // The value alone is another model than the value with its gradients.
    models: [...new Set([modelFor(spec, requests, gradients), modelFor(spec, requests, [])])],
    inputs: Object.fromEntries(
      inputs.map((input) => [input.name, { dtype: modelDType(input), shape: input.shape, data: numbers(input.data) }]),
    ),
    outputs: Object.fromEntries(
      Object.entries(outputs).map(([name, { shape, data }]) => {
        const allowed = tolerances(data, bounds[name], dtype);
        return [name, { shape, data: numbers(data), allowed: numbers(allowed) }];
      }),
    ),
  };
}

mkdirSync(folder, { recursive: true });
const fixtures = loadFixtures();
const answered = fixtures.filter(({ expected }) => "value" in expected);
const cases = answered.map(writeCase);
const refused = fixtures.length - answered.length;
writeFileSync(join(folder, "cases.json"), JSON.stringify({ dtype, refused, models: [...models.values()], cases }));
console.log(`${cases.length} cases, ${models.size} models in ${dtype}; left out: ${refused} calls to be refused`);
