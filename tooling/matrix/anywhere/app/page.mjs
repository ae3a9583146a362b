// Runs the suite in a page; `settings` are put in when it is bundled.
import { readFixtures } from "@losses/conformance";
import { setWasmPaths } from "@tensorflow/tfjs-backend-wasm";
import { fixtureFiles, knownFailures, settings } from "bundled-data";
import { runSuite } from "./suite.mjs";

setWasmPaths(new URL("./", location.href).href);
const fixtures = Object.entries(fixtureFiles).flatMap(([file, text]) => readFixtures(text, file));
runSuite({ ...settings, fixtures, knownFailures }).then(
  (value) => parent.postMessage({ value }, "*"),
  (cause) => parent.postMessage({ error: String(cause?.stack ?? cause) }, "*"),
);
