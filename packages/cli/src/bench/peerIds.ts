import { createRequire } from "node:module";
import type { LossSpec } from "@losses/core";
import { backendIds } from "../backends.js";
import { UsageError } from "../failure.js";
import { findBackend } from "../knownBackends.js";
import { note } from "../output.js";
import { readNames } from "../read.js";
import { deviceOf, type Family } from "./family.js";
import { torchFunction } from "./peers/torch/torchFunction.js";
import { kinds } from "./problems.js";

/** What a loss is measured against: plain loops, autodiff of tf ops, a graph for ONNX Runtime, jax-js, PyTorch, and what it compiles. */
export type PeerId = "loops" | "tfjs" | "onnxruntime" | "jax" | "torch" | "torch.compile";

/** What a backend is measured against: one of these, or another backend by its id. */
export type Peer = PeerId | (string & {});

/** Whether a peer runs in Python. */
const peers: { readonly [P in PeerId]: boolean } = {
  loops: false,
  tfjs: false,
  onnxruntime: false,
  jax: false,
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

/** What a backend is measured against in a loss that no peer is written for: another engine of ours. */
export function otherBackend(backend: string): string {
  return backend === "js:scalar" ? "js:wasm" : "js:scalar";
}

/**
 * The peers behind a list such as `loops,torch,js:scalar`, or `all`: those that are no backends, jax-js where it is installed, PyTorch
 * where there is a Python.
 * `undefined` without a list: each backend has its own.
 *
 * @param losses those of `--loss`; without them, workloads are measured
 * @throws UsageError on an unknown peer, one that needs a Python where none is named, or one that does not know a loss
 */
export function namedPeers(
  list: string | undefined,
  python: string | undefined,
  losses?: readonly LossSpec[],
): readonly Peer[] | undefined {
  const known = Object.keys(peers).filter(isPeer);
  if (list === undefined) {
    if (python === undefined) return undefined;
    throw new UsageError("--python must come with --peers, got no peers. Say --peers torch.");
  }
  if (list === "all" && losses === undefined) return known.filter((id) => isHere(id, python));
  const found = readNames("--peers", list);
  const unknown = found.find((id) => !isPeer(id) && findBackend(id) === undefined);
  if (unknown !== undefined) {
    const all = losses === undefined ? "all, or " : "";
    throw new UsageError(`--peers must be ${all}among ${[...known, ...backendIds].join(", ")}, got ${unknown}.`);
  }
  const named = found.filter(isPeer);
  if (losses !== undefined) for (const peer of named) checkKnown(peer, losses);
  const inPython = named.find(isInPython);
  if (inPython === undefined || python !== undefined) return found;
  throw new UsageError(`--peers ${inPython} must come with --python, got none. Name a Python that has torch.`);
}

/** Says which peer of npm's is left out, and why. */
function isHere(id: PeerId, python: string | undefined): boolean {
  if (isInPython(id)) return python !== undefined;
  if (id !== "jax" || isInstalled("@jax-js/jax")) return true;
  note("--peers all leaves out jax: it needs @jax-js/jax. Run: npm install @jax-js/jax");
  return false;
}

function isInstalled(name: string): boolean {
  try {
    createRequire(import.meta.url).resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** That a peer can compute these losses. */
function checkKnown(peer: PeerId, losses: readonly LossSpec[]): void {
  if (!isInPython(peer)) {
    const written = [...new Set(Object.values(kinds).map(({ spec }) => spec.name))].join(", ");
    throw new UsageError(
      `--peers ${peer} must come with --workload, for it is written for those alone (${written}), got --loss. Name other backends, --peers js:scalar,js:wasm.`,
    );
  }
  const missing = losses.find((spec) => torchFunction(spec) === undefined);
  if (missing === undefined) return;
  throw new UsageError(
    `--peers ${peer} must come with losses that torch.nn.functional has, got ${missing.name}. Name other backends, --peers js:scalar,js:wasm.`,
  );
}
