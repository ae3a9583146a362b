export { describeLoss, type LossDescription } from "./description.js";
export { lossDocs } from "./lossDocs.js";
