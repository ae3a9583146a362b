import { allLosses, findLoss, inputOf, UnsupportedOpError } from "@losses/core";
import { exportLoss } from "@losses/onnx";
import { printRows, type CodeTab, type Example } from "./example.js";

/** The tabs of a loss page, in the order in which they are shown. */
export function codeTabs(example: Example): readonly CodeTab[] {
  const pytorch = pytorchTab(example);
  return [
    jsTab(example),
    tfjsTab(example),
    onnxRuntimeTab(example),
    onnxTab(example),
    ...(pytorch === undefined ? [] : [pytorch]),
  ];
}

type Input = Example["inputs"][number];

/** The inputs by the names that code has for them, each once. */
const variables = (inputs: readonly Input[]): readonly string[] => [
  ...new Set(inputs.map(({ name }) => inputOf(name))),
];
/** Names that JavaScript keeps for itself. */
const reserved = new Set(["var"]);
const identifier = (name: string): string => (reserved.has(name) ? `${name}_` : name);
const names = (inputs: readonly Input[]): string =>
  variables(inputs)
    .map((name) => (reserved.has(name) ? `${name}: ${identifier(name)}` : name))
    .join(", ");
const isInteger = ({ dtype }: Input): boolean => dtype === "int32" || dtype === "int64";
const trained = ({ inputs }: Example): Input | undefined => inputs.find(({ grad }) => grad === true);

/** A constant for each input; the elements of a list in one. */
function constants(inputs: readonly Input[], print: (input: Input) => string): string {
  const lines = variables(inputs).map((variable) => {
    const elements = inputs.filter(({ name }) => name !== variable && inputOf(name) === variable);
    const values = (elements.length > 0 ? elements : inputs.filter(({ name }) => name === variable)).map(print);
    return `const ${identifier(variable)} = ${elements.length > 0 ? `[${values.join(", ")}]` : values.join("")};\n`;
  });
  return lines.join("");
}

/** What the gradient of an input is called in the results: `grads.fake`, of an element `grads.fake[0]`. */
const gradientOf = (name: string): string => `grads.${name.replace(/\.(\d+)$/, "[$1]")}`;

function runTab(example: Example, title: string, packageName: string, options: string, read: string): CodeTab {
  const { loss, inputs, value } = example;
  const gradient = trained(example)?.name ?? "";
  const code = `import { ${loss.name} } from "@losses/core";
import { createBackend } from "${packageName}";

${constants(inputs, ({ shape, data }) => printRows(shape, data))}
const backend = await createBackend(${options});
const loss = await backend.compile(${loss.name}());
const { value, grads } = await loss.valueAndGrad({ ${names(inputs)} });

console.log(${read.replace("$", "value")}[0]); // ${value}
console.log(${read.replace("$", gradientOf(gradient))});
`;
  return { title, blocks: [{ language: "js", code }] };
}

function jsTab(example: Example): CodeTab {
  return runTab(example, "core + js", "@losses/js", "", "$.data");
}

function onnxRuntimeTab(example: Example): CodeTab {
  return runTab(example, "ONNX Runtime", "@losses/onnxruntime", '{ device: "cpu" }', "(await backend.read($)).data");
}

function tensor(input: Input): string {
  const { shape, data } = input;
  const dtype = isInteger(input) ? ', "int32"' : "";
  const rank = shape.length;
  if (rank === 0) return `tf.scalar(${printRows(shape, data)}${dtype})`;
  if (rank > 4) return `tf.tensor([${data.join(", ")}], [${shape.join(", ")}]${dtype})`;
  // The makers of two axes and more take a shape before the dtype.
  const size = rank > 1 && dtype !== "" ? ", undefined" : "";
  return `tf.tensor${rank}d(${printRows(shape, data)}${size}${dtype})`;
}

function tfjsTab(example: Example): CodeTab {
  const { loss, inputs, value } = example;
  const learnt = trained(example);
  const lines = constants(inputs, (input) => (input === learnt ? `tf.variable(${tensor(input)})` : tensor(input)))
    .replace(/^.*tf\.variable\([\s\S]*?;$/m, "$& // what is trained")
    .trimEnd();
  const code = `import * as tf from "@tensorflow/tfjs-core";
import "@tensorflow/tfjs-backend-wasm";
import { ${loss.name} } from "@losses/core";
import { toTfjs } from "@losses/tfjs";

await tf.setBackend("wasm");
${lines}

const loss = toTfjs(${loss.name}(), { tf });
const optimizer = tf.train.sgd(0.01);
const before = optimizer.minimize(() => loss({ ${names(inputs)} }), true);
const after = loss({ ${names(inputs)} });

console.log((await before.data())[0]); // ${value}
console.log((await after.data())[0]); // after one step
`;
  return { title: "TensorFlow.js", blocks: [{ language: "js", code }] };
}

const numpy = (input: Input): string =>
  `np.array(${printRows(input.shape, input.data, "    ")}, dtype=np.${isInteger(input) ? "int32" : "float32"})`;

const axisNames = ["N", "C", "H", "W", "K"];

/** What `exportLoss` must be told for an example: which optional inputs there are, and how many axes where any number is taken. */
export function exportOptions({
  loss,
  inputs,
}: Example): Parameters<typeof exportLoss>[1] & { readonly gradients: true } {
  const declared = (name: string): Example["loss"]["inputs"][number] | undefined =>
    loss.inputs.find((one) => one.name === inputOf(name));
  const optional = inputs.filter(({ name }) => declared(name)?.required === false);
  const isOpen = ({ name, shape }: Input): boolean =>
    shape.length > 1 &&
    (declared(name)?.forms.some((form) => form.shape.every((token) => /^(~|\.\.\.)/.test(String(token)))) ?? false);
  const open = inputs.filter(isOpen);
  return {
    gradients: true,
    ...(isRecursion(loss.name) ? { provider: "cpu" as const } : {}),
    ...(optional.length === 0 ? {} : { inputs: Object.fromEntries(optional.map(({ name }) => [name, {}])) }),
    ...(open.length === 0
      ? {}
      : { shapes: Object.fromEntries(open.map(({ name, shape }) => [name, axisNames.slice(0, shape.length)])) }),
  };
}

/** True for a loss of which only the processor runs a model of any size. */
function isRecursion(name: string): boolean {
  try {
    exportLoss(findLoss(allLosses, name)());
    return false;
  } catch (error) {
    if (error instanceof UnsupportedOpError) return true;
    throw error;
  }
}

/** An object as one would type it. */
function literal(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(literal).join(", ")}]`;
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const members = Object.entries(value).map(
    ([key, member]) => `${/^\w+$/.test(key) ? key : JSON.stringify(key)}: ${literal(member)}`,
  );
  return members.length === 0 ? "{}" : `{ ${members.join(", ")} }`;
}

function onnxTab(example: Example): CodeTab {
  const { loss, inputs, value } = example;
  const file = `${loss.name}.onnx`;
  const js = `import { writeFile } from "node:fs/promises";
import { ${loss.name} } from "@losses/core";
import { exportLoss } from "@losses/onnx";

await writeFile("${file}", exportLoss(${loss.name}(), ${literal(exportOptions(example))}));
`;
  const python = `import numpy as np
import onnxruntime

session = onnxruntime.InferenceSession("${file}")
feeds = {
${inputs.map((input) => `    "${input.name}": ${numpy(input)},\n`).join("")}}
value, *gradients = session.run(None, feeds)

print(value)  # ${value}
print([output.name for output in session.get_outputs()])
`;
  return {
    title: "ONNX in Python",
    blocks: [
      { language: "js", code: js },
      { language: "python", code: python },
    ],
  };
}

/** `torch.nn.functional.name`, or an expression over the inputs with `ones` and `zeros`. */
function pytorchTab(example: Example): CodeTab | undefined {
  const { loss, inputs, value } = example;
  if (loss.pytorch === undefined) return undefined;
  const call = /^torch\.nn\.functional\.\w+$/.test(loss.pytorch)
    ? `F.${loss.pytorch.slice("torch.nn.functional.".length)}(${names(inputs)})`
    : loss.pytorch
        .replace(/\((\w+), (ones|zeros)\)/g, "($1, torch.$2_like($1))")
        .replace(/(^|[^.\w])(\w+)\((?=\w+, )/g, "$1F.$2(");
  const learnt = trained(example);
  const tensors = inputs.map((input) => {
    const dtype = isInteger(input) ? "" : `, requires_grad=${input === learnt ? "True" : "False"}`;
    return `${input.name} = torch.tensor(${printRows(input.shape, input.data)}${dtype.replace(", requires_grad=False", "")})\n`;
  });
  const code = `import torch
import torch.nn.functional as F

${tensors.join("")}
loss = ${call}
loss.backward()

print(loss.item())  # ${value}
print(${learnt?.name ?? "None"}.grad)
`;
  return { title: "PyTorch", blocks: [{ language: "python", code }] };
}
