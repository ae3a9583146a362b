import type { Contestant } from "./contestant.js";
import { deviceOf } from "./family.js";
import { openOurs } from "./ours.js";
import type { Part, Problem } from "./problems.js";

/** Who computes: the backend, its peer, or the backend's loss inside the gradient of TensorFlow.js. */
export type Entrant = "losses" | "peer" | "toTfjs";

/** What one process computes. */
export interface Job {
  readonly backend: string;
  readonly problem: Problem;
  readonly part: Part;
  readonly entrant: Entrant;
}

/** Who is measured against the peer. */
export function challengers(backend: string, part: Part): readonly Exclude<Entrant, "peer">[] {
  return deviceOf(backend).family === "tfjs" && part === "gradient" ? ["losses", "toTfjs"] : ["losses"];
}

/** Makes a contestant; only the engine that it needs is imported. */
export async function openContestant({ backend, problem, part, entrant }: Job): Promise<Contestant> {
  if (entrant === "losses") return openOurs(backend, problem, part);
  const engine = deviceOf(backend);
  if (entrant === "toTfjs") return (await import("./peers/tfjs.js")).openToTfjs(backend, problem, part);
  switch (engine.family) {
    case "tfjs":
      return (await import("./peers/tfjs.js")).openTfjsPeer(backend, problem, part);
    case "onnxruntime":
      return (await import("./peers/onnx/openOnnxPeer.js")).openOnnxPeer(engine, problem, part);
    case "js":
      return (await import("./peers/js/openJsPeer.js")).openJsPeer(problem, part);
  }
}
