/** True for a name that inputs, options and axes may have: one that no object has already. */
export function isName(value: unknown): value is string {
  return typeof value === "string" && /^[A-Za-z]\w{0,99}$/.test(value) && !(value in Object.prototype);
}
