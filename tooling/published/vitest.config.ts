import { packageTests } from "../vitest.mjs";

// Tests of what is published. They read what other packages built, so turbo's cache must not answer for them.
export default packageTests({ include: ["published/**/*.test.mjs"], report: "published" });
