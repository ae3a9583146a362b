import type { OrtModule, OrtTensor } from "../runtime.js";
import type { SessionOptions } from "../sessions.js";

/** A tensor between threads. */
export interface WireTensor {
  readonly type: OrtTensor["type"];
  readonly dims: readonly number[];
  readonly data: OrtTensor["data"];
}

/** What the worker is started with. */
export interface HostData {
  /** The file of onnxruntime-node. */
  readonly file: string;
  readonly logLevel: OrtModule["env"]["logLevel"];
}

/** What the worker is asked for. */
export type Request =
  | { readonly kind: "create"; readonly model: Uint8Array; readonly options: SessionOptions | undefined }
  | {
      readonly kind: "run";
      readonly session: number;
      readonly feeds: Readonly<Record<string, WireTensor>>;
      readonly outputs: readonly string[];
    }
  | { readonly kind: "release"; readonly session: number };

export interface Call {
  readonly call: number;
  readonly request: Request;
}

/** What it answers: a session's number, the outputs of a run, or why there are none. */
export type Answer = { readonly call: number } & (
  | { readonly session: number }
  | { readonly outputs: Readonly<Record<string, WireTensor>> }
  | { readonly released: true }
  | { readonly failure: string }
);
