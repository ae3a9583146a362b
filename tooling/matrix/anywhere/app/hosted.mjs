// Runs the suite where there are files: Node.js, Bun, Deno. Its argument is the settings, as JSON.
import { loadFixtures, loadKnownFailures } from "@losses/conformance";
import { runSuite } from "./suite.mjs";

const [settings = "{}"] = process.argv.slice(2);
const outcomes = await runSuite({
  ...JSON.parse(settings),
  fixtures: loadFixtures(),
  knownFailures: loadKnownFailures(),
});
console.log(`outcomes ${JSON.stringify(outcomes)}`);
process.exit(0); // Engines may keep threads.
