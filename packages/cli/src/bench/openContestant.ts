import type { Contestant } from "./contestant.js";
import { deviceOf } from "./family.js";
import { openOurs } from "./ours.js";
import type { PeerId } from "./peerIds.js";
import { isWritten, type AnyProblem } from "./lossProblem.js";
import type { Part } from "./problems.js";

/** Who computes: the backend, its loss inside the gradient of TensorFlow.js, or a peer. */
export type Entrant = Challenger | PeerId;

export type Challenger = "losses" | "toTfjs";

/** What one process computes. */
export interface Job {
  readonly backend: string;
  readonly problem: AnyProblem;
  readonly part: Part;
  readonly entrant: Entrant;
  /** How many threads js:wasm has. Default 1. */
  readonly threads?: number;
}

/** Who is measured against the peers. */
export function challengers(backend: string, part: Part): readonly Challenger[] {
  return deviceOf(backend).family === "tfjs" && part === "gradient" ? ["losses", "toTfjs"] : ["losses"];
}

/** Makes a contestant of JavaScript; only the engine that it needs is imported. */
export async function openContestant({ backend, problem, part, entrant, threads }: Job): Promise<Contestant> {
  if (entrant === "losses") return openOurs(backend, problem, part, threads);
  if (entrant === "toTfjs") return (await import("./peers/tfjs.js")).openToTfjs(backend, problem, part);
  if (!isWritten(problem)) throw new RangeError(`${entrant} is written for the losses of workloads`);
  const engine = deviceOf(backend);
  switch (entrant) {
    case "tfjs": {
      const id = engine.family === "tfjs" ? backend : "tfjs:wasm";
      return (await import("./peers/tfjs.js")).openTfjsPeer(id, problem, part);
    }
    case "onnxruntime": {
      // Other engines have one thread.
      const runtime = engine.family === "onnxruntime" ? engine : { device: "cpu", web: false, threads: 1 };
      return (await import("./peers/onnx/openOnnxPeer.js")).openOnnxPeer(runtime, problem, part);
    }
    case "jax":
      return (await import("./peers/jax.js")).openJaxPeer(problem, part);
    case "loops":
      return (await import("./peers/js/openJsPeer.js")).openJsPeer(problem, part);
    case "torch":
    case "torch.compile":
      throw new RangeError(`${entrant} has a process of its own kind`);
  }
}
