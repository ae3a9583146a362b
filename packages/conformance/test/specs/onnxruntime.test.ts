import { createBackend } from "@losses/onnxruntime";
import { describe } from "vitest";
import { holdSpecs } from "./hold.js";

describe("onnxruntime:cpu", () => holdSpecs(() => createBackend({ device: "cpu" }), "float32", 1e-5));
