import {
  checkSpec,
  defineBackend,
  isObject,
  listRule,
  LossesError,
  OptionError,
  printValue,
  readParts,
  type Backend,
  type Feeds,
  type LossInputs,
  type LossSpec,
  type Rule,
  type Rules,
} from "@losses/core";
import { setupOf } from "./backends.js";
import { makeEngine } from "./engine.js";
import { nodeModule } from "./nodeModule.js";
import { isRecord, type OrtModule, type OrtSession, type OrtTensor } from "./runtime.js";
import { withFallback } from "./sessions.js";

/** One node of a model as ONNX Runtime ran it, after its own rewriting. */
export interface PlacedNode {
  readonly name: string;
  readonly op: string;
  /** The execution provider: `CPUExecutionProvider`, `WebGpuExecutionProvider` … */
  readonly provider: string;
  /** Computes a size from shapes, which ONNX Runtime keeps on the processor on purpose. */
  readonly shapeArithmetic: boolean;
}

/** Which provider ran each node of a loss. */
export interface Placement {
  readonly device: string;
  readonly nodes: readonly PlacedNode[];
  /** Nodes that computed on the processor although the device is another: empty, or the device is not what it says. */
  readonly fallbacks: readonly PlacedNode[];
}

/**
 * Runs a loss and its gradients once under ONNX Runtime's profiler and says where each node ran.
 *
 * @param backend a backend of this package, with onnxruntime-node behind it
 * @param spec the loss
 * @param feeds its inputs
 * @throws OptionError for another package's backend or onnxruntime-web, which writes no profile
 * @example
 * ```ts
 * const { fallbacks } = await placement(backend, clipLoss(), { image, text, logitScale: 14.3 });
 * ```
 */
export async function placement<I extends LossInputs>(
  backend: Backend<OrtTensor>,
  spec: LossSpec<I>,
  feeds: Feeds<OrtTensor, I>,
): Promise<Placement> {
  checkSpec("placement", spec);
  const found = isObject(backend) ? setupOf(backend) : undefined;
  if (found === undefined || found.runtime !== "node") {
    const got = found === undefined ? printValue(backend) : backend.id;
    throw new OptionError(`placement: the backend must be one of onnxruntime-node, got ${got}.`);
  }
  const { mkdtemp, readdir, readFile, rm } = nodeModule("node:fs/promises");
  const path = nodeModule("node:path");
  const folder = await mkdtemp(path.join(nodeModule("node:os").tmpdir(), "losses-"));
  const sessions: OrtSession[] = [];
  const { setup, device, ort } = found;
  const profiled = { enableProfiling: true, profileFilePrefix: path.join(folder, "profile") };
  const recorder = defineBackend(
    makeEngine(
      {
        ...setup,
        ort: recording(ort, sessions),
        // The point is to see what would land elsewhere.
        options: { ...withFallback(setup.options, true), ...profiled },
        emptyOptions: { ...setup.emptyOptions, ...profiled },
      },
      device,
    ),
  );
  try {
    const loss = await recorder.compile(spec);
    await loss.valueAndGrad(feeds);
    for (const session of sessions) session.endProfiling?.();
    const files = await readdir(folder);
    const texts = await Promise.all(files.map((file) => readFile(path.join(folder, file), "utf8")));
    const nodes = texts.flatMap(readProfile);
    if (nodes.length === 0) {
      throw new LossesError("BACKEND_FAILED", `placement: the profile of ${spec.name} must name nodes, got none.`);
    }
    const elsewhere = (node: PlacedNode): boolean => node.provider === "CPUExecutionProvider" && !node.shapeArithmetic;
    return { device, nodes, fallbacks: device === "cpu" ? [] : nodes.filter(elsewhere) };
  } finally {
    await recorder.dispose();
    await rm(folder, { recursive: true, force: true });
  }
}

/** The same runtime, remembering the sessions that it makes. */
function recording({ Tensor, env, InferenceSession }: OrtModule, sessions: OrtSession[]): OrtModule {
  const create: OrtModule["InferenceSession"]["create"] = async (model, options) => {
    const session = await InferenceSession.create(model, options);
    sessions.push(session);
    return session;
  };
  return { Tensor, env, InferenceSession: { create } };
}

function readProfile(text: string): readonly PlacedNode[] {
  const events: unknown = JSON.parse(text);
  if (!Array.isArray(events)) return [];
  return events.flatMap((event: unknown): readonly PlacedNode[] => {
    if (!isRecord(event) || event["cat"] !== "Node" || !isRecord(event["args"])) return [];
    const { provider, op_name: op, input_type_shape: inputs } = event["args"];
    if (typeof provider !== "string" || typeof op !== "string") return [];
    const name = String(event["name"]).replace(/_kernel_time$/, "");
    return [{ name, op, provider, shapeArithmetic: isShapeArithmetic(op, inputs) }];
  });
}

function isShapeArithmetic(op: string, inputs: unknown): boolean {
  if (op === "Shape" || op === "Size") return true;
  return (
    Array.isArray(inputs) &&
    inputs.every((input: unknown) => isRecord(input) && Object.keys(input).every((type) => type === "int64"))
  );
}

const nodesRule: Rule = listRule("a list of nodes with a name, an op and a provider", {
  domain: "a node with a name, an op and a provider",
  accepts: (node) => nodeOf(node) !== undefined,
  read: nodeOf,
});

function nodeOf(value: unknown): PlacedNode | undefined {
  if (!isRecord(value)) return undefined;
  const { name, op, provider, shapeArithmetic } = value;
  if (typeof name !== "string" || typeof op !== "string" || typeof provider !== "string") return undefined;
  return { name, op, provider, shapeArithmetic: shapeArithmetic === true };
}

const rules: Rules<Placement> = {
  device: { domain: "the name of a device", accepts: (value) => typeof value === "string" },
  nodes: nodesRule,
  fallbacks: nodesRule,
};

/**
 * A placement in words, for people: how many nodes each provider ran, and by name those that fell back to the processor.
 *
 * @example
 * ```ts
 * console.log(describePlacement(await placement(backend, clipLoss(), { image, text, logitScale: 14.3 })));
 * // webgpu: WebGpuExecutionProvider ran 31 nodes. Nothing fell back to the processor.
 * ```
 */
export function describePlacement(placement: Placement): string {
  const { device, nodes, fallbacks } = readParts("describePlacement", placement, rules, [
    "device",
    "nodes",
    "fallbacks",
  ]);
  const counts = new Map<string, number>();
  for (const { provider } of nodes) counts.set(provider, (counts.get(provider) ?? 0) + 1);
  const ran = [...counts].map(([provider, count]) => `${provider} ran ${count} node${count === 1 ? "" : "s"}`);
  const fell = fallbacks.map(({ op, name }) => `${op} (${name})`).join(", ");
  const end = device === "cpu" ? "" : ` ${fell === "" ? "Nothing" : fell} fell back to the processor.`;
  return `${device}: ${ran.join(", ")}.${end}`;
}
