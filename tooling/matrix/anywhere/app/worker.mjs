// Runs the suite in workerd, which has neither files nor a page: a request is answered with the outcomes.
import { readFixtures } from "@losses/conformance";
import { fixtureFiles, knownFailures, settings } from "bundled-data";
import { runSuite } from "./suite.mjs";

export default {
  async fetch(request) {
    if (new URL(request.url).pathname === "/ping") return new Response("here");
    const fixtures = Object.entries(fixtureFiles).flatMap(([file, text]) => readFixtures(text, file));
    try {
      return Response.json({ value: await runSuite({ ...settings, fixtures, knownFailures }) });
    } catch (cause) {
      return Response.json({ error: String(cause?.stack ?? cause) });
    }
  },
};
