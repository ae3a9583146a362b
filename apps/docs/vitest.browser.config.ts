import { pageTests } from "../../tooling/vitest.mjs";

// The built site in a real Chromium.
export default pageTests();
