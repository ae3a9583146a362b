// Runs in the worker of the playground, around the program of the user: finds its loss, runs it and says what came out.
import * as core from "@losses/core";
import {
  allInputs,
  bindInputs,
  LossesError,
  printGraph,
  sizeOf,
  traceLoss,
  type AnyLoss,
  type GivenInput,
  type LossSpec,
  type PlainTensor,
} from "@losses/core";
import { createBackendSync } from "@losses/js";
import { exportLoss } from "@losses/onnx";
import { openBackend } from "./backends.js";
import { flatten, nest } from "./numbers.js";
import type {
  Failure,
  GivenData,
  GradientCheck,
  NumbersOf,
  RunRequest,
  RunResult,
  WorkerMessage,
  WorkerRequest,
} from "./protocol.js";

const assets = new URL("./", import.meta.url).href;
const post = (message: WorkerMessage, transfer: Transferable[] = []): void => self.postMessage(message, { transfer });

type Exports = Record<string, unknown>;

/** Begins with the program: runs it once, then answers requests. */
export async function start(
  program: (exports: Exports, require: (name: string) => unknown) => Promise<void>,
): Promise<void> {
  const exports: Exports = {};
  self.addEventListener("message", ({ data }: MessageEvent<WorkerRequest>) => {
    if (data.type === "ping") post({ type: "pong" });
    else void answer(exports, data);
  });
  post({ type: "began" });
  try {
    await program(exports, modules);
    post({ type: "ready" });
  } catch (error) {
    post({ type: "failure", failure: describe(error) });
  }
}

function modules(name: string): unknown {
  if (name === "@losses/core") return core;
  throw new LossesError("INVALID_DEFINITION", `playground: imports must be of "@losses/core", got "${name}".`);
}

async function answer(exports: Exports, request: RunRequest): Promise<void> {
  try {
    const result = await run(exports, request);
    post({ type: "result", result }, [result.onnx.buffer as ArrayBuffer]);
  } catch (error) {
    post({ type: "failure", failure: describe(error) });
  }
}

/** The loss that a program exports as `loss` or as its default: a spec, or a loss with its default options. */
function lossOf(exports: Exports): LossSpec {
  const exported = exports["loss"] ?? exports["default"];
  if (typeof exported === "function" && "lossName" in exported) return (exported as AnyLoss)();
  if (typeof exported === "object" && exported !== null && "loss" in exported) return exported as LossSpec;
  throw new LossesError(
    "INVALID_DEFINITION",
    "playground: the program must export a loss as `loss`, got none. Write `export const loss = defineLoss({ … })`.",
  );
}

function dataOf(exports: Exports, request: RunRequest, spec: LossSpec): Readonly<Record<string, GivenData>> {
  const given = (exports["inputs"] ?? {}) as Readonly<Record<string, PlainTensor>>;
  const own = Object.entries(given).map(([name, data]) => [name, flatten(name, data)] as const);
  const known = new Set(Object.keys(allInputs(spec.loss.definition)));
  const merged = { ...Object.fromEntries(own), ...request.inputs };
  if (Object.keys(merged).length === 0) {
    throw new core.InputError(
      `${spec.name}: inputs must be ${[...known].join(", ")}, got none. Write \`export const inputs = { … }\`.`,
      "MISSING_INPUT",
    );
  }
  return merged;
}

async function run(exports: Exports, request: RunRequest): Promise<RunResult> {
  const spec = lossOf(exports);
  const data = dataOf(exports, request, spec);
  const feeds = Object.fromEntries(Object.entries(data).map(([name, given]) => [name, nest(given)]));
  const given = Object.fromEntries(
    Object.entries(data).map(([name, { shape }]): [string, GivenInput] => [name, { shape, dtype: "untyped" }]),
  );
  const binding = bindInputs(spec.loss.definition, given, spec.options);
  const gradients = binding.inputs.filter(({ differentiable }) => differentiable).map(({ name }) => name);
  const graph = traceLoss(spec, binding, { dtype: "float32", gradients });
  const backend = await openBackend(request.backend, assets);
  const compiled = await backend.compile(spec);
  const { value, grads } = await compiled.valueAndGrad(feeds);
  const read = async (name: string, tensor: unknown): Promise<NumbersOf> => {
    const { shape, data: numbers } = await backend.read(tensor);
    return { name, shape: [...shape], data: Array.from(numbers, Number) };
  };
  const found = await Promise.all(Object.entries(grads).map(([name, tensor]) => read(name, tensor)));
  const optional = Object.keys(spec.loss.definition.optionalInputs ?? {}).filter((name) => data[name] !== undefined);
  const timed = await time(async () => {
    const again = await compiled.valueAndGrad(feeds);
    await backend.read(again.value);
    for (const tensor of [again.value, ...Object.values(again.grads)])
      if (tensor !== undefined) backend.release(tensor);
  });
  return {
    backend: backend.id,
    device: backend.device,
    loss: spec.name,
    inputs: Object.entries(data).map(([name, one]) => ({ name, ...one })),
    value: await read("value", value),
    grads: found,
    graph,
    printed: printGraph(graph),
    onnx: exportLoss(spec, { gradients: true, inputs: Object.fromEntries(optional.map((name) => [name, {}])) }),
    ...timed,
    check: request.check ? checkGradients(spec, data, gradients) : [],
  };
}

/** The median time of one call, over a fifth of a second or 200 calls. */
async function time(call: () => Promise<void>): Promise<{ readonly milliseconds: number; readonly calls: number }> {
  const times: number[] = [];
  const end = performance.now() + 200;
  while (times.length < 200 && (times.length < 3 || performance.now() < end)) {
    const began = performance.now();
    await call();
    times.push(performance.now() - began);
  }
  times.sort((a, b) => a - b);
  return { milliseconds: times[Math.floor(times.length / 2)] ?? Number.NaN, calls: times.length };
}

const probes = 64;

/** (f(x + h) − f(x − h)) / 2h in float64, for at most 64 elements of each input. */
function checkGradients(
  spec: LossSpec,
  data: Readonly<Record<string, GivenData>>,
  gradients: readonly string[],
): readonly GradientCheck[] {
  const exact = createBackendSync({ engine: "scalar" }).compileSync(spec, { dtype: "float64" });
  const feeds = (name?: string, at?: number, step = 0): Record<string, PlainTensor> =>
    Object.fromEntries(
      Object.entries(data).map(([input, given]) => {
        if (input !== name) return [input, nest(given)];
        return [input, nest({ ...given, data: given.data.map((x, i) => (i === at ? x + step : x)) })];
      }),
    );
  const total = (given: Record<string, PlainTensor>): number =>
    Array.from(exact.valueSync(given).data, Number).reduce((sum, x) => sum + x, 0);
  const { grads } = exact.valueAndGradSync(feeds());
  return gradients.map((input) => {
    const gradient = Array.from(grads[input]?.data ?? [], Number);
    const size = sizeOf(data[input]?.shape ?? []);
    const positions = Array.from({ length: Math.min(size, probes) }, (_, i) =>
      Math.floor((i * size) / Math.min(size, probes)),
    );
    const errors = positions.map((at) => {
      const step = 1e-5 * Math.max(1, Math.abs(data[input]?.data[at] ?? 0));
      const slope = (total(feeds(input, at, step)) - total(feeds(input, at, -step))) / (2 * step);
      const own = gradient[at] ?? Number.NaN;
      return Math.abs(own - slope) / Math.max(1, Math.abs(own), Math.abs(slope));
    });
    return {
      input,
      worst: errors.reduce((most, x) => (Number.isNaN(x) || Number.isNaN(most) ? Number.NaN : Math.max(most, x)), 0),
      elements: positions.length,
    };
  });
}

function describe(error: unknown): Failure {
  if (!(error instanceof Error)) return { name: "Error", message: String(error), line: undefined };
  const [, line] = /blob:[^\s)]*?:(\d+):\d+/.exec(error.stack ?? "") ?? [];
  return { name: error.name, message: error.message, line: line === undefined ? undefined : Number(line) };
}
