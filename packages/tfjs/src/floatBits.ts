import type { KernelBackend } from "@tensorflow/tfjs-core";
import { onEngine } from "./engineSwitch.js";
import { createRuntime, fill, scalar } from "./kernels/runtime.js";
import type { Tf } from "./tf.js";

const known = new WeakMap<KernelBackend, number>();

/** How many bits the floats have that an initialised engine computes with. Answered once per engine. */
export function floatBits(tf: Tf, device: string): number {
  return onEngine(tf, device, () => {
    const engine = tf.backend();
    const before = known.get(engine);
    if (before !== undefined) return before;
    // The webgl engine says 16 wherever it renders 32 bits: it is asked to compute instead.
    const bits = engine.floatPrecision() >= 32 || computesWith32Bits(tf, device) ? 32 : 16;
    known.set(engine, bits);
    return bits;
  });
}

/** Large enough that no engine computes it on the CPU, as some do with small tensors. */
const probeSize = 1024;

/** (1 + 2⁻²³) - 1 is 0 in floats of fewer bits. */
function computesWith32Bits(tf: Tf, device: string): boolean {
  const rt = createRuntime(tf, device);
  const probe = rt.only(() => {
    const one = fill(rt, [probeSize], 1, "float32");
    const sum = rt.kernel("Add", { a: one, b: scalar(rt, 2 ** -23, "float32") });
    return rt.kernel("Sub", { a: sum, b: one });
  });
  const tensor = rt.tensor(probe);
  const result = tensor.dataSync<"float32">();
  tensor.dispose();
  return result.every((value) => value === 2 ** -23);
}
