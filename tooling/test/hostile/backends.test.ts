import { createBackend as createJs } from "@losses/js";
import { createBackend as createTfjs } from "@losses/tfjs";
import { afterAll, describe, expect, it } from "vitest";
import { backendMethods, lossMethods, type Methods } from "./entries/backend.js";
import { backend as onnxruntimeBackend } from "./entries/onnxruntime.js";
import { walk, type Call } from "./walk.js";

const patient = { timeout: 600_000 };

const backends = {
  js: () => createJs(),
  "js:scalar": () => createJs({ engine: "scalar" }),
  "js:wasm": () => createJs({ engine: "wasm" }),
  "tfjs:cpu": () => createTfjs({ device: "cpu" }),
  "tfjs:wasm": () => createTfjs({ device: "wasm" }),
  "onnxruntime:cpu": onnxruntimeBackend,
} as const;

describe.each(Object.entries(backends))("bad arguments of %s are refused", (_, create) => {
  const opened = create();
  afterAll(async () => (await opened).dispose());

  it.each(["the backend", "a compiled loss"])("%s", patient, async (what) => {
    const backend = await opened;
    const { of, entries }: Methods =
      what === "the backend"
        ? await backendMethods<unknown>(backend as never)
        : await lossMethods<unknown>(backend as never);
    const functions = Object.entries(of).filter(([, value]) => typeof value === "function");
    expect(Object.keys(entries).sort()).toEqual(
      functions
        .map(([name]) => name)
        .filter((name) => name !== "dispose")
        .sort(),
    );
    const problems: string[] = [];
    for (const [name, entry] of Object.entries(entries)) {
      problems.push(...(await walk(name, entry.call ?? ((of as Readonly<Record<string, Call>>)[name] as Call), entry)));
    }
    expect(problems.join("\n")).toBe("");
  });
});
