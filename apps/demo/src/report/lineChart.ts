export interface LineChart {
  readonly values: readonly number[];
  readonly title: string;
  /** Where the curve spans several powers of ten. */
  readonly logarithmic?: boolean;
  /** A dashed level with its meaning. */
  readonly level?: { readonly value: number; readonly label: string };
}

const size = { width: 320, height: 150, left: 46, right: 10, top: 12, bottom: 22 };
const points = 100;

/** A curve over steps as an inline SVG: faint where it is noisy, with its running mean on top. */
export function lineChart({ values, title, logarithmic = false, level }: LineChart): string {
  const finite = [...values, ...(level === undefined ? [] : [level.value])].filter(
    (value) => Number.isFinite(value) && (!logarithmic || value > 0),
  );
  const scale = logarithmic ? Math.log10 : (value: number): number => value;
  const top = scale(Math.max(...finite, logarithmic ? 1e-6 : 0)) || 1;
  const bottom = scale(Math.min(...finite, logarithmic ? Infinity : 0));
  const unscaled = (height: number): number => (logarithmic ? 10 ** height : height);
  const x = (step: number): number =>
    size.left + (step / Math.max(1, values.length - 1)) * (size.width - size.left - size.right);
  const y = (value: number): number =>
    size.height -
    size.bottom -
    ((scale(value) - bottom) / (top - bottom || 1)) * (size.height - size.top - size.bottom);
  const path = (series: readonly number[]): string =>
    thinned(series)
      .map(([i, v]) => `${coordinate(x(i))},${coordinate(y(v))}`)
      .join(" ");
  const ticks = [bottom, (top + bottom) / 2, top].map(unscaled);
  return [
    `<svg viewBox="0 0 ${size.width} ${size.height}" role="img" aria-label="${title}">`,
    ...ticks.map(
      (tick) =>
        `<line class="grid" x1="${size.left}" x2="${size.width - size.right}" y1="${coordinate(y(tick))}" y2="${coordinate(y(tick))}"/>` +
        `<text class="tick" x="${size.left - 6}" y="${coordinate(y(tick) + 3.5)}" text-anchor="end">${tickLabel(tick)}</text>`,
    ),
    `<text class="tick" x="${size.left}" y="${size.height - 6}">1</text>`,
    `<text class="tick" x="${size.width - size.right}" y="${size.height - 6}" text-anchor="end">step ${values.length}</text>`,
    level === undefined ? "" : dashed(y(level.value), level.label),
    `<polyline class="raw" points="${path(values)}"/>`,
    `<polyline class="mean" points="${path(runningMean(values))}"/>`,
    "</svg>",
  ].join("");
}

function dashed(y: number, label: string): string {
  return (
    `<line class="level" x1="${size.left}" x2="${size.width - size.right}" y1="${coordinate(y)}" y2="${coordinate(y)}"/>` +
    `<text class="tick" x="${size.width - size.right}" y="${coordinate(y - 4)}" text-anchor="end">${label}</text>`
  );
}

function thinned(values: readonly number[]): [number, number][] {
  const stride = Math.max(1, Math.ceil(values.length / points));
  return [...values.entries()].filter(
    ([i, value]) => Number.isFinite(value) && (i % stride === 0 || i === values.length - 1),
  );
}

/** The mean of as many values before as after each, so that it does not lag behind them. */
function runningMean(values: readonly number[]): number[] {
  const reach = 3;
  return values.map((_, i) => {
    const most = Math.min(reach, i, values.length - 1 - i);
    const near = values.slice(i - most, i + most + 1);
    return near.reduce((sum, value) => sum + value, 0) / near.length;
  });
}

function coordinate(value: number): string {
  return value.toFixed(1);
}

function tickLabel(value: number): string {
  if (value === 0) return "0";
  return Math.abs(value) >= 100 ? value.toFixed(0) : String(Number(value.toPrecision(2)));
}
