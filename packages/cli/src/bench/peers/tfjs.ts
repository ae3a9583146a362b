import { toTfjs, type Tf, type TfTensor } from "@losses/tfjs";
import { openBackend } from "../../backends.js";
import { floatsOf, scalarOf, type Contestant } from "../contestant.js";
import { deviceOf } from "../family.js";
import { factsOf, inputsOf, type AnyProblem, type ProblemFacts } from "../lossProblem.js";
import { tripletOptions, vseMargin, type Kind, type Part, type Problem } from "../problems.js";

type Feeds = Readonly<Record<string, TfTensor>>;

/** A loss written in tf ops, for tensors by name. */
type TfLoss = (feeds: Feeds) => TfTensor;

/** A loss as one writes it in tf ops, differentiated by TensorFlow.js. */
export async function openTfjsPeer(id: string, problem: Problem, part: Part): Promise<Contestant> {
  const tf = await openTf(id);
  try {
    await import("@tensorflow/tfjs-layers");
  } catch (cause) {
    throw new Error(
      "the peer needs @tensorflow/tfjs-layers, which registers the gradients of tf ops. Run: npm install @tensorflow/tfjs-layers",
      { cause },
    );
  }
  const { wrt, inputs } = await factsOf(problem);
  const feeds = upload(tf, inputs);
  return contestant(tf, id, { feeds, wrt, part, loss: writeLoss[problem.kind](tf, problem, feeds) });
}

/** Our loss as a differentiable function inside tf.valueAndGrads, as in a training step. */
export async function openToTfjs(id: string, problem: AnyProblem, part: Part): Promise<Contestant> {
  const tf = await openTf(id);
  const { spec, wrt, inputs, byInput } = await factsOf(problem);
  const ours = toTfjs(spec, { tf, wrt: inputsOf(wrt) });
  // Types expect one tensor of an input that nothing is known of.
  return contestant(tf, id, { feeds: upload(tf, inputs), wrt, part, loss: (feeds) => ours(byInput(feeds) as Feeds) });
}

async function openTf(id: string): Promise<Tf> {
  // Loads and registers the engine, or says why that is not possible.
  await (await openBackend(id)).dispose();
  const tf = await import("@tensorflow/tfjs-core");
  await tf.setBackend(deviceOf(id).device);
  return tf;
}

function upload(tf: Tf, inputs: ProblemFacts["inputs"]): Feeds {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, { data, shape, dtype }]) => {
      if (dtype !== "float32" && dtype !== "int32" && dtype !== "bool") throw new TypeError(`${name} is ${dtype}.`);
      return [name, tf.tensor(data as Float32Array | Int32Array | Uint8Array, [...shape], dtype)];
    }),
  );
}

/** A loss with its inputs on the engine. */
interface Uploaded {
  readonly feeds: Feeds;
  readonly loss: TfLoss;
  readonly wrt: readonly string[];
  readonly part: Part;
}

function contestant(tf: Tf, id: string, { feeds, loss, wrt, part }: Uploaded): Contestant {
  const named = (list: readonly TfTensor[]): Feeds => ({
    ...feeds,
    ...Object.fromEntries(wrt.map((name, i) => [name, list[i] as TfTensor])),
  });
  const byWhich = wrt.map((name) => feeds[name] as TfTensor);
  const differentiate = tf.valueAndGrads((...list) => loss(named(list)));
  const run = (): { readonly value: TfTensor; readonly grads: readonly TfTensor[] } =>
    part === "gradient" ? differentiate(byWhich) : { value: tf.tidy(() => loss(feeds)), grads: [] };
  const callNow = (): void => {
    const { value, grads } = run();
    tf.dispose([value, ...grads]);
  };
  const callLate = async (): Promise<void> => {
    const { value, grads } = run();
    await value.data();
    tf.dispose([value, ...grads]);
  };
  return {
    call: deviceOf(id).mustBeRead ? callLate : callNow,
    answer: async () => {
      const { value, grads } = run();
      const read: Record<string, Float32Array> = {};
      for (const [i, grad] of grads.entries()) read[wrt[i] ?? ""] = floatsOf(await grad.data());
      const result = { value: scalarOf(await value.data()), grads: read };
      tf.dispose([value, ...grads]);
      return result;
    },
    close: async () => undefined,
  };
}

const writeLoss: { readonly [K in Kind]: (tf: Tf, size: Problem, feeds: Feeds) => TfLoss } = {
  crossEntropy:
    (tf, { columns }) =>
    ({ input, target }) =>
      tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(some(input)), tf.oneHot(some(target), columns)), 1))),
  triplet: (tf) => {
    const distance = (x: TfTensor, y: TfTensor): TfTensor =>
      tf.sqrt(tf.sum(tf.square(tf.add(tf.sub(x, y), tripletOptions.eps)), 1));
    return ({ anchor, positive, negative }) => {
      const closer = tf.sub(distance(some(anchor), some(positive)), distance(some(anchor), some(negative)));
      return tf.mean(tf.relu(tf.add(closer, tripletOptions.margin)));
    };
  },
  clip: (tf, { rows }) => {
    const diagonal = tf.eye(rows);
    const half = (logits: TfTensor): TfTensor => tf.neg(tf.mean(tf.sum(tf.mul(tf.logSoftmax(logits), diagonal), 1)));
    return ({ image, text, logitScale }) => {
      // As open_clip writes it, and as the goal was measured: the logits of the texts are a product of their own.
      const logits = (x: TfTensor, y: TfTensor): TfTensor => tf.mul(tf.matMul(x, y, false, true), some(logitScale));
      return tf.mul(tf.add(half(logits(some(image), some(text))), half(logits(some(text), some(image)))), 0.5);
    };
  },
  vse: (tf, { rows }) => {
    const diagonal = tf.eye(rows);
    const others = tf.sub(1, diagonal);
    return ({ image, text }) => {
      const scores = tf.matMul(some(image), some(text), false, true);
      const own = tf.sum(tf.mul(scores, diagonal), 1, true);
      const captions = tf.mul(tf.relu(tf.add(tf.sub(scores, own), vseMargin)), others);
      const images = tf.mul(tf.relu(tf.add(tf.sub(scores, tf.transpose(own)), vseMargin)), others);
      return tf.add(tf.sum(tf.max(captions, 1)), tf.sum(tf.max(images, 0)));
    };
  },
  kl:
    (tf) =>
    ({ input, target }) =>
      tf.mean(tf.mul(tf.exp(some(target)), tf.sub(some(target), some(input)))),
  // The mean of the rows' means: of all at once it is wrong by 4 in 1000 on the wasm engine, which adds up in float32.
  smoothL1:
    (tf) =>
    ({ input, target }) => {
      const size = tf.abs(tf.sub(some(input), some(target)));
      const clipped = tf.minimum(size, 1);
      return tf.mean(tf.mean(tf.mul(clipped, tf.sub(size, tf.mul(clipped, 0.5))), 1));
    },
  bce:
    (tf) =>
    ({ input, target }) =>
      tf.mean(tf.mean(tf.sub(tf.softplus(some(input)), tf.mul(some(input), some(target))), 1)),
};

function some(tensor: TfTensor | undefined): TfTensor {
  if (tensor === undefined) throw new Error("an input of the peer is missing.");
  return tensor;
}
