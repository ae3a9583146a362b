import { createBackend } from "@losses/js";
import { describe } from "vitest";
import { holdSpecs } from "./hold.js";

describe("js:scalar in float64", () => holdSpecs(() => createBackend({ engine: "scalar" }), "float64", 1e-12));
describe("js:scalar in float32", () => holdSpecs(() => createBackend({ engine: "scalar" }), "float32", 1e-6));
describe("js:wasm", () => holdSpecs(() => createBackend({ engine: "wasm" }), "float32", 1e-5));
