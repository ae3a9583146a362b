import type { Graph } from "@losses/core";

/** An input of a run: typed in, or read from a file. */
export interface GivenData {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** What the page asks of the worker that holds a program: a run, or a sign of life. */
export type WorkerRequest = RunRequest | { readonly type: "ping" };

export interface RunRequest {
  readonly type: "run";
  readonly backend: string;
  /** Inputs in the place of those that the program exports. */
  readonly inputs: Readonly<Record<string, GivenData>>;
  /** Whether gradients are held to finite differences. */
  readonly check: boolean;
}

export interface GradientCheck {
  readonly input: string;
  /** The largest difference between the gradient and a central difference in float64, relative to the larger of both and 1. */
  readonly worst: number;
  readonly elements: number;
}

export interface NumbersOf {
  readonly name: string;
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

export interface RunResult {
  readonly backend: string;
  readonly device: string;
  readonly loss: string;
  readonly inputs: readonly NumbersOf[];
  readonly value: NumbersOf;
  readonly grads: readonly NumbersOf[];
  readonly graph: Graph;
  readonly printed: string;
  readonly onnx: Uint8Array;
  /** Milliseconds of one call, the median of several. */
  readonly milliseconds: number;
  readonly calls: number;
  readonly check: readonly GradientCheck[];
}

export interface Failure {
  readonly name: string;
  readonly message: string;
  /** The line of the program, where it is known; lines begin with 1. */
  readonly line: number | undefined;
}

/** What the worker says. */
export type WorkerMessage =
  /** The runtime is there; the program begins. */
  | { readonly type: "began" }
  | { readonly type: "pong" }
  /** The program has run through; requests are taken. */
  | { readonly type: "ready" }
  | { readonly type: "result"; readonly result: RunResult }
  | { readonly type: "failure"; readonly failure: Failure };

/** Backends that a browser may have, in the order in which they are offered. */
export const playgroundBackends = [
  "js",
  "js:wasm",
  "js:scalar",
  "tfjs:cpu",
  "tfjs:wasm",
  "tfjs:webgl",
  "tfjs:webgpu",
  "onnxruntime-web:wasm",
  "onnxruntime-web:webgpu",
] as const;
