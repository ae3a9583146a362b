import { pageTests } from "../../tooling/vitest.mjs";

// The report in a real Chromium.
export default pageTests();
