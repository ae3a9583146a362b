import { availableParallelism } from "node:os";
import type { HostTensor } from "@losses/core";
import type { InferenceSession, Tensor } from "onnxruntime-node";
import { floatsOf, scalarOf, type Contestant } from "../../contestant.js";
import type { EngineDevice } from "../../family.js";
import { kinds, type Part, type Problem } from "../../problems.js";
import { handModel } from "./handModel.js";

/** Either build of ONNX Runtime; they have the same interface. */
type Ort = typeof import("onnxruntime-node");

type Results = InferenceSession.OnnxValueMapType;

/** Where a session runs. `threads`: on the processor; default: as in the sessions of @losses/onnxruntime. */
interface Runtime extends Pick<EngineDevice, "device" | "web"> {
  readonly threads?: number | undefined;
}

/** A model written by hand in a session of ONNX Runtime, fed and fetched without any code of @losses. */
export async function openOnnxPeer(
  { device, web, threads }: Runtime,
  problem: Problem,
  part: Part,
): Promise<Contestant> {
  const ort = await loadRuntime(web);
  const onProcessor = device === "cpu" || device === "wasm";
  const model = handModel(problem, part, onProcessor ? "processor" : "gpu");
  const session = await ort.InferenceSession.create(model, sessionOptions({ device, web, threads }, onProcessor));
  const { wrt, inputs } = kinds[problem.kind];
  const feeds = Object.fromEntries(
    Object.entries(inputs(problem.rows, problem.columns)).map(([name, tensor]) => [name, ortTensor(ort, tensor)]),
  );
  const outputs = part === "forward" ? ["value"] : ["value", ...wrt.map((name) => `grad:${name}`)];
  const run = (): Promise<Results> => session.run(feeds, outputs);
  const free = (results: Results): void => {
    for (const tensor of Object.values(results)) tensor.dispose();
  };
  return {
    call: async () => free(await run()),
    answer: async () => {
      const results = await run();
      const value = scalarOf(await results["value"]?.getData());
      const grads: Record<string, Float32Array> = {};
      for (const name of part === "forward" ? [] : wrt) {
        grads[name] = floatsOf(await results[`grad:${name}`]?.getData()).slice();
      }
      free(results);
      return { value, grads };
    },
    close: () => session.release(),
  };
}

async function loadRuntime(web: boolean): Promise<Ort> {
  const name: string = web ? "onnxruntime-web" : "onnxruntime-node";
  const loaded = (await import(name)) as Ort & { readonly default?: Ort };
  const ort = "InferenceSession" in loaded ? loaded : (loaded as { readonly default: Ort }).default;
  ort.env.logLevel = "fatal";
  return ort;
}

/** The options that @losses/onnxruntime makes its sessions with, but for threads that are asked for. */
function sessionOptions({ device, web, threads }: Runtime, onProcessor: boolean): InferenceSession.SessionOptions {
  return {
    executionProviders: [device],
    intraOpNumThreads: threads ?? (web ? 1 : Math.min(4, availableParallelism())),
    interOpNumThreads: 1,
    logSeverityLevel: 4,
    extra: {
      session: {
        intra_op: { allow_spinning: "0" },
        ...(onProcessor ? {} : { disable_cpu_ep_fallback: "1" }),
      },
    },
  };
}

function ortTensor(ort: Ort, { data, shape }: HostTensor): Tensor {
  if (data instanceof Float32Array) return new ort.Tensor("float32", data, shape);
  if (data instanceof Int32Array) return new ort.Tensor("int32", data, shape);
  throw new TypeError("an input must be floats or integers of 32 bits.");
}
