/** A share as a percentage with one digit. */
export function percent(share: number): string {
  return (100 * share).toFixed(1);
}

export function milliseconds(seconds: number): string {
  return `${(1000 * seconds).toFixed(1)} ms`;
}

/** A difference: 0, or two digits and a power of ten. */
export function difference(value: number): string {
  return value === 0 ? "0" : value.toExponential(1);
}

/** A loss, with four digits that mean something. */
export function lossValue(value: number): string {
  return Math.abs(value) >= 1000 ? value.toFixed(0) : value.toPrecision(4);
}
