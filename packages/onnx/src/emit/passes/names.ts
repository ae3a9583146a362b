/**
 * What makes a model faster on ONNX Runtime's processor, where the rules of the ops alone give the same results. Elements are read by
 * position on every device.
 */
export const passNames = [
  "by position",
  "transposes of products",
  "means",
  "quotients by norms",
  "shares of a number",
  "conditions as numbers",
  "columns without their last axis",
  "kernels of softmax",
  "places of extremes",
] as const;

export type PassName = (typeof passNames)[number];

/** True if a pass is one that every device takes. */
export function isForAll(pass: PassName): boolean {
  return pass === "by position";
}
