export { describeLoss } from "./describeLoss.js";
export type { LossDescription } from "./description.js";
export { lossDocs } from "./lossDocs.js";
