import { gradient, simplified } from "../../src/index.js";
import { fuzzContestant } from "../../src/vitest.js";

fuzzContestant("graph:simplified", simplified, { count: 300 });
fuzzContestant("graph:gradient", gradient, { count: 300 });
