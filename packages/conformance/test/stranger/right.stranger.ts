import { createReferenceBackend } from "@losses/conformance";
import { testBackend } from "@losses/conformance/vitest";
import { few } from "./fixtures.js";

await testBackend(createReferenceBackend(), { fixtures: few });
