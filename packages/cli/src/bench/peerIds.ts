import { UsageError } from "../failure.js";
import { deviceOf, type Family } from "./family.js";

/** What a loss is measured against: plain loops, autodiff of tf ops, a graph for ONNX Runtime, PyTorch, and what it compiles. */
export type PeerId = "loops" | "tfjs" | "onnxruntime" | "torch" | "torch.compile";

/** Whether a peer runs in Python. */
const peers: { readonly [P in PeerId]: boolean } = {
  loops: false,
  tfjs: false,
  onnxruntime: false,
  torch: true,
  "torch.compile": true,
};

const sameEngine: { readonly [F in Family]: PeerId } = { js: "loops", tfjs: "tfjs", onnxruntime: "onnxruntime" };

/** The peer on the engine of a backend. */
export function ownPeer(backend: string): PeerId {
  return sameEngine[deviceOf(backend).family];
}

export function isInPython(id: PeerId): id is "torch" | "torch.compile" {
  return peers[id];
}

export function isPeer(id: string): id is PeerId {
  return Object.hasOwn(peers, id);
}

/**
 * The peers behind a list such as `loops,torch`, or `all`: those of PyTorch where there is a Python. `undefined` without a list: each backend has its own.
 *
 * @throws UsageError on an unknown peer, or one that needs a Python where none is named
 */
export function namedPeers(list: string | undefined, python: string | undefined): readonly PeerId[] | undefined {
  const known = Object.keys(peers).filter(isPeer);
  if (list === undefined) {
    if (python === undefined) return undefined;
    throw new UsageError("--python must come with --peers, got no peers. Say --peers torch.");
  }
  if (list === "all") return known.filter((id) => !isInPython(id) || python !== undefined);
  const ids = [...new Set(list.split(/[\s,]+/).filter((id) => id !== ""))];
  const found = ids.filter(isPeer);
  const unknown = ids.find((id) => !isPeer(id));
  if (unknown !== undefined || found.length === 0) {
    throw new UsageError(`--peers must be all, or among ${known.join(", ")}, got ${unknown ?? "none"}.`);
  }
  const inPython = found.find(isInPython);
  if (inPython === undefined || python !== undefined) return found;
  throw new UsageError(`--peers ${inPython} must come with --python, got none. Name a Python that has torch.`);
}
