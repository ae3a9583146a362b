import { fuzzContestant } from "../../src/vitest.js";
import { exported } from "./exported.js";

fuzzContestant("onnx", exported, { seed: 6001, count: 60 });
