import { testBackend } from "@losses/conformance/vitest";
import { BackendUnavailableError } from "@losses/core";
import { few } from "./fixtures.js";

const create = (): Promise<never> => Promise.reject(new BackendUnavailableError("gpu: no device.", ["no driver"]));

await testBackend(create, { id: "gpu:optional", optional: true, fixtures: few });
await testBackend(create, { id: "gpu:needed", fixtures: few });
await testBackend(() => Promise.reject(new Error("no adapter")), { id: "gpu:odd", optional: true, fixtures: few });
