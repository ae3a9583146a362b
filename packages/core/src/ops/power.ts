/** x to the power y as IEEE 754 has it: 1 to any power is 1, and so is (-1) to ±∞; JavaScript says NaN to both. */
export function power(x: number, y: number): number {
  if (x === 1 || (x === -1 && (y === Infinity || y === -Infinity))) return 1;
  return x ** y;
}
