import type { Backend, Feeds, FloatDType, HostTensor, LossInputs, LossSpec } from "@losses/core";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { ctc } from "./ctc.js";
import { lovaszHinge, lovaszSoftmax } from "./lovasz.js";

interface Tensor {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

interface Case {
  readonly logits: Tensor;
  readonly labels: readonly number[];
  readonly value: number;
  readonly gradient: readonly number[];
}

interface Golden {
  readonly ctc: readonly {
    readonly logits: Tensor;
    readonly targets: Tensor;
    readonly inputLengths: readonly number[];
    readonly targetLengths: readonly number[];
    readonly options: { readonly blank: number; readonly zeroInfinity: boolean };
    readonly value: readonly number[];
    readonly gradient: readonly number[];
  }[];
  readonly lovaszHinge: readonly (Omit<Case, "logits"> & { readonly logits: readonly number[] })[];
  readonly lovaszSoftmax: readonly Case[];
}

const golden = JSON.parse(readFileSync(new URL("fixtures/golden.json", import.meta.url), "utf8")) as Golden;

const int32 = ({ shape, data }: Tensor): { data: Int32Array; shape: readonly number[] } => ({
  data: Int32Array.from(data),
  shape,
});

/**
 * Holds a backend to PyTorch on losses that are recursions (CTC by `scan`) and orders (Lovász by `argsort` and `cumsum`).
 * `tolerance`: of value and gradient, relative to the larger of 1 and what is expected.
 */
export function holdSpecs<T>(create: () => Promise<Backend<T>>, dtype: FloatDType, tolerance: number): void {
  const close = (got: HostTensor, want: readonly number[]): void => {
    expect(got.data).toHaveLength(want.length);
    const wrong = [...got.data].flatMap((x, i) => {
      const y = want[i] ?? Number.NaN;
      // Any number is within a share of infinity.
      const isNear = Number.isFinite(y) && Math.abs(Number(x) - y) <= tolerance * Math.max(1, Math.abs(y));
      return isNear || Object.is(Number(x), y) ? [] : [`[${i}]: got ${x}, expected ${y}`];
    });
    expect(wrong).toEqual([]);
  };
  const hold = async <I extends LossInputs>(
    spec: LossSpec<I>,
    feeds: Feeds<T, I>,
    value: readonly number[],
    gradient: readonly number[],
  ): Promise<void> => {
    const backend = await create();
    const loss = await backend.compile(spec, { dtype });
    const got = await loss.valueAndGrad(feeds);
    close(await backend.read(got.value), value);
    const gradients: Readonly<Record<string, unknown>> = got.grads;
    close(await backend.read(gradients["logits"] as T), gradient);
    close(await backend.read(await loss.value(feeds)), value);
    await backend.dispose();
  };

  describe("losses that are recursions and orders", () => {
    it.each(golden.ctc.map((item, i) => [i, item] as const))("CTC by scan, case %i", async (_, item) => {
      const { logits, targets, options, value, gradient } = item;
      const [inputLengths, targetLengths] = [Int32Array.from(item.inputLengths), Int32Array.from(item.targetLengths)];
      await hold(ctc(options), { logits, targets: int32(targets), inputLengths, targetLengths }, value, gradient);
    });

    it.each(golden.lovaszHinge.map((item, i) => [i, item] as const))("Lovász hinge, case %i", async (_, item) => {
      const feeds = { logits: item.logits, labels: Int32Array.from(item.labels) };
      await hold(lovaszHinge(), feeds, [item.value], item.gradient);
    });

    it.each(golden.lovaszSoftmax.map((item, i) => [i, item] as const))("Lovász-softmax, case %i", async (_, item) => {
      const feeds = { logits: item.logits, labels: Int32Array.from(item.labels) };
      await hold(lovaszSoftmax(), feeds, [item.value], item.gradient);
    });
  });
}
