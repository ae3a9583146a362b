import type { DimSizes, Graph } from "@losses/core";
import type { Bounds } from "./bounded.js";
import type { Precision } from "./precision.js";

/** What a rule may look at besides its operands. */
export interface Context {
  readonly graph: Graph;
  readonly sizes: DimSizes;
  readonly precision: Precision;
  /** Of the nodes so far. */
  readonly values: readonly Bounds[];
  /** The body of a scan, to whose inputs equal ranges may stand for different numbers. */
  readonly isBody: boolean;
  /** Bounds the outputs of a graph inside this one, given those of its inputs. */
  readonly run: (body: Graph, inputs: readonly Bounds[]) => readonly Bounds[];
  /** The outputs of scans that were bounded, by body and by what is told of a scan besides. */
  readonly scans: Map<Graph, Map<string, readonly Bounds[]>>;
}
