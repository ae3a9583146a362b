import { defineLoss, float, reduction, type Tensor } from "@losses/core";
import { exportLoss } from "@losses/onnx";
import ort from "onnxruntime-node";
import { expect, it } from "vitest";

const x = [1e-9, 0.3, -0.49, 0.5, -0.75, 1, 1.7, -2.5, 3.2, 4.4, -5.5];

/** What PyTorch gives in float64; of log1p for |x|. */
const wanted = {
  erf: [
    1.1283791670955127e-9, 0.3286267594591274, -0.511668261188523, 0.5204998778130465, -0.7111556336535151,
    0.8427007929497149, 0.9837904585907745, -0.999593047982555, 0.9999939742388483, 0.999999999510829,
    -0.9999999999999927,
  ],
  expm1: [
    1.0000000005000001e-9, 0.3498588075760031, -0.38737360581558394, 0.6487212707001282, -0.5276334472589853,
    1.7182818284590453, 4.4739473917272, -0.9179150013761012, 23.532530197109352, 80.45086866496814, -0.995913228561536,
  ],
  atan: [
    1e-9, 0.2914567944778671, -0.4556156532112245, 0.4636476090008061, -0.6435011087932844, 0.7853981633974483,
    1.039072259536091, -1.1902899496825317, 1.2679114584199254, 1.3473197256542635, -1.3909428270024184,
  ],
  tanh: [
    1e-9, 0.2913126124515909, -0.4542164326822591, 0.46211715726000974, -0.6351489523872873, 0.7615941559557649,
    0.935409070603099, -0.9866142981514303, 0.9966823978396512, 0.9996985792838805, -0.9999665971563038,
  ],
  log1p: [
    9.999999995e-10, 0.26236426446749106, 0.3987761199573678, 0.4054651081081644, 0.5596157879354227,
    0.6931471805599453, 0.9932517730102833, 1.252762968495368, 1.4350845252893227, 1.6863989535702288,
    1.8718021769015913,
  ],
} as const;

const functions: { readonly [K in keyof typeof wanted]: (x: Tensor) => Tensor } = {
  erf: (t) => t.erf(),
  expm1: (t) => t.expm1(),
  atan: (t) => t.atan(),
  tanh: (t) => t.tanh(),
  log1p: (t) => t.abs().log1p(),
};

for (const name of Object.keys(functions) as (keyof typeof wanted)[]) {
  it.each(["any", "cpu"] as const)(`${name} in a model of float64, for %s`, async (provider) => {
    const spec = defineLoss({
      name: "applied",
      inputs: { x: float(["N"]) },
      options: { reduction: reduction("none") },
      value: (inputs) => functions[name](inputs.x),
    });
    const model = exportLoss(spec(), { dtype: "float64", provider });
    const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 1 });
    const { value } = await session.run({ x: new ort.Tensor("float64", x, [x.length]) });
    const got = Array.from(value?.data as Float64Array);
    const errors = wanted[name].map((want, i) => Math.abs((got[i] ?? Number.NaN) - want) / Math.abs(want));
    expect(Math.max(...errors)).toBeLessThanOrEqual(4 * 2 ** -52);
    await session.release();
  });
}
