import { readFileSync } from "node:fs";
import type { JsEngineName } from "@losses/js";
import type { Device } from "@losses/onnxruntime";
import type { TfjsDevice } from "@losses/tfjs";

/** A backend by its id, and what opens it. */
export type KnownBackend = { readonly id: string } & (
  | { readonly engine: "js"; readonly device?: JsEngineName }
  | { readonly engine: "tfjs"; readonly device: TfjsDevice }
  | { readonly engine: "onnxruntime"; readonly runtime: "node" | "web"; readonly device: Device }
);

/** Every backend that the command line knows. The repository's own scripts and checks read the same file. */
export const knownBackends: readonly KnownBackend[] = JSON.parse(
  readFileSync(new URL("../backends.json", import.meta.url), "utf8"),
) as readonly KnownBackend[];

/** The backend of an id. */
export function findBackend(id: string): KnownBackend | undefined {
  return knownBackends.find((known) => known.id === id);
}
