import { packageTests } from "../../tooling/vitest.mjs";

export default packageTests();
