// Runs the suite where there are files: Node.js, Bun, Deno. Arguments: one case of how many, then the backends.
import { loadFixtures, loadKnownFailures } from "@losses/conformance";
import { runSuite } from "./suite.mjs";

const [every = "1", ...backends] = process.argv.slice(2);
const outcomes = await runSuite(backends, {
  fixtures: loadFixtures(),
  knownFailures: loadKnownFailures(),
  every: Number(every),
});
console.log(`outcomes ${JSON.stringify(outcomes)}`);
process.exit(0); // Engines may keep threads.
