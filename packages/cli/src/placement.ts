import { clipLoss, type Backend } from "@losses/core";
import type { OrtTensor, PlacedNode, Placement } from "@losses/onnxruntime";

/** Where a backend of ONNX Runtime ran a loss. */
export interface PlacementFinding {
  readonly nodes?: readonly PlacedNode[];
  readonly placement?: string;
  /** What is wrong with it; empty if nothing is. */
  readonly reasons: readonly string[];
}

/** Runs clipLoss with its gradients on a backend of ONNX Runtime and sees which provider computed each node. */
export async function examinePlacement(name: string, backend: Backend<unknown>): Promise<PlacementFinding> {
  if (name.startsWith("onnxruntime-web:")) {
    return {
      placement: "unknown: placement is known with onnxruntime-node only, onnxruntime-web writes no profile.",
      reasons: [],
    };
  }
  if (!name.startsWith("onnxruntime:")) return { reasons: [] };
  const { placement } = await import("@losses/onnxruntime");
  const rows = [
    [0.6, 0.8, 0],
    [0, 0.6, 0.8],
  ];
  const feeds = { image: rows, text: rows, logitScale: 14.3 };
  // The name says that it is a backend of this engine.
  return judgePlacement(await placement(backend as Backend<OrtTensor>, clipLoss(), feeds));
}

/** A device on which a node falls back to the processor is not what it says. */
export async function judgePlacement(found: Placement): Promise<PlacementFinding> {
  const { describePlacement } = await import("@losses/onnxruntime");
  const placement = describePlacement(found);
  const fell = found.fallbacks.map(({ op, name }) => `${op} (${name})`);
  const reasons = fell.length === 0 ? [] : [`Nodes of clipLoss fall back to the processor: ${fell.join(", ")}.`];
  return { nodes: found.nodes, placement, reasons };
}
