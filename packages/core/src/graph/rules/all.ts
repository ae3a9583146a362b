import { broadcasts } from "./broadcasts.js";
import { constants } from "./constants.js";
import { identities } from "./identities.js";
import { indexing } from "./indexing.js";
import type { Rule } from "./rule.js";
import { shares } from "./shares.js";
import { signs } from "./signs.js";
import { whereRules } from "./where.js";

/** Every rule, the first that applies before the others. */
export const allRules: readonly Rule[] = [
  ...constants,
  ...identities,
  ...indexing,
  ...broadcasts,
  ...signs,
  ...shares,
  ...whereRules,
];
