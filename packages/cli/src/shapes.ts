import type { Dim, Graph, LossSpec } from "@losses/core";
import { UsageError } from "./failure.js";

/** What a loss is fed with and gives, at shapes that are known to the last size. */
export interface SizedLoss {
  /** By tensor: an element of a list is one, `fake.0`. */
  readonly shapes: Readonly<Record<string, readonly number[]>>;
  /** The tensors whose gradients were asked for. */
  readonly gradients: readonly string[];
  readonly graph: Graph;
}

/**
 * The shapes that were given, and those that follow from them.
 *
 * @param gradients the inputs that are differentiated, or all that can be
 * @throws UsageError where a size does not follow; what the loss throws where shapes or names do not fit it
 */
export async function sizeLoss(
  spec: LossSpec,
  given: Readonly<Record<string, readonly Dim[]>>,
  gradients: boolean | readonly string[] = false,
): Promise<SizedLoss> {
  const { lossGraph } = await import("@losses/onnx");
  const found = lossGraph(spec, { shapes: given, gradients });
  const shapes = Object.entries(found.inputs).map(([input, { shape }]): [string, readonly number[]] => {
    const sizes = shape.flatMap((dim) => (typeof dim === "number" ? [dim] : []));
    if (sizes.length === shape.length) return [input, sizes];
    throw new UsageError(
      `--shape must say how large ${input} is, got [${shape.join(", ")}]: --shape ${input}=${shape.map((dim) => (typeof dim === "number" ? dim : 32)).join(",")}.`,
    );
  });
  return { shapes: Object.fromEntries(shapes), gradients: found.gradients, graph: found.graph };
}

/** `input [4096, 1000], target [4096]`. */
export function printShapes(shapes: SizedLoss["shapes"]): string {
  return Object.entries(shapes)
    .map(([input, shape]) => `${input} [${shape.join(", ")}]`)
    .join(", ");
}
