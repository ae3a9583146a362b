import type { Kind, Part, Problem } from "../../problems.js";
import { bce } from "./bce.js";
import { clip } from "./clip.js";
import { crossEntropy } from "./crossEntropy.js";
import { handGraph, type HandModel, type Place } from "./handGraph.js";
import { kl } from "./kl.js";
import { smoothL1 } from "./smoothL1.js";
import { triplet } from "./triplet.js";
import { vse } from "./vse.js";

const models: { readonly [K in Kind]: HandModel } = { crossEntropy, triplet, clip, vse, kl, smoothL1, bce };

/** A loss as the ONNX model that one would write by hand for these sizes: outputs `value` and `grad:<input>`. */
export function handModel(problem: Problem, part: Part, place: Place): Uint8Array {
  const g = handGraph();
  models[problem.kind](g, problem, part, place);
  return g.write();
}
