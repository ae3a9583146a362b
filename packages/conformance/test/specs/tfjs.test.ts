import "@tensorflow/tfjs-backend-cpu";
import "@tensorflow/tfjs-backend-wasm";
import { createBackend } from "@losses/tfjs";
import { describe } from "vitest";
import { holdSpecs } from "./hold.js";

describe("tfjs:cpu", () => holdSpecs(() => createBackend({ device: "cpu" }), "float32", 1e-5));
describe("tfjs:wasm", () => holdSpecs(() => createBackend({ device: "wasm" }), "float32", 1e-5));
