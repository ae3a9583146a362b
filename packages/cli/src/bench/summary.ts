import type { Answer } from "./contestant.js";
import { uniform } from "./inputs.js";

/** An answer in a few numbers, small enough to be compared between processes. */
export interface Summary {
  readonly value: number;
  readonly grads: Readonly<Record<string, GradSummary>>;
}

interface GradSummary {
  readonly norm: number;
  /** The sum of all elements with random signs: it tells apart gradients of the same norm. */
  readonly probe: number;
}

export function summarise({ value, grads }: Answer): Summary {
  return {
    value,
    grads: Object.fromEntries(Object.entries(grads).map(([name, grad]) => [name, summariseGrad(grad)])),
  };
}

function summariseGrad(grad: Float32Array): GradSummary {
  const next = uniform(7);
  let [squares, probe] = [0, 0];
  for (const x of grad) {
    squares += x * x;
    probe += next() < 0.5 ? -x : x;
  }
  return { norm: Math.sqrt(squares), probe };
}

const tolerance = 1e-3;

/** What two answers to the same question disagree about, in words; empty if they agree. */
export function disagreements(own: Summary, peer: Summary): readonly string[] {
  const found: string[] = [];
  const compare = (what: string, x: number, y: number, scale: number): void => {
    // NaN must not agree with anything.
    if (!(Math.abs(x - y) <= tolerance * scale)) found.push(`${what} ${x} against ${y}`);
  };
  compare("value", own.value, peer.value, Math.abs(peer.value));
  for (const name of new Set([...Object.keys(own.grads), ...Object.keys(peer.grads)])) {
    const [x, y] = [own.grads[name], peer.grads[name]];
    if (x === undefined || y === undefined) found.push(`only one has the gradient of ${name}`);
    else {
      compare(`norm of the gradient of ${name}`, x.norm, y.norm, y.norm);
      compare(`checksum of the gradient of ${name}`, x.probe, y.probe, y.norm);
    }
  }
  return found;
}
