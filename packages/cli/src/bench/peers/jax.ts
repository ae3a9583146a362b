import type { Array as JaxArray, numpy } from "@jax-js/jax";
import { floatsOf, scalarOf, type Contestant } from "../contestant.js";
import { factsOf } from "../lossProblem.js";
import { tripletOptions, vseMargin, type Kind, type Part, type Problem } from "../problems.js";

type Jax = typeof import("@jax-js/jax");

/** A loss written in jax-js, for its inputs in order. Each use of an array but the last is of its `ref`: functions consume what they take. */
type JaxLoss = (...inputs: JaxArray[]) => JaxArray;

/** A loss as one writes it in jax-js, with its gradients compiled by `jit` for WebAssembly. */
export async function openJaxPeer(problem: Problem, part: Part): Promise<Contestant> {
  const jax = await loadJax();
  const { wrt, inputs } = await factsOf(problem);
  // Those that are differentiated are the first.
  const names = [...wrt, ...Object.keys(inputs).filter((name) => !wrt.includes(name))];
  const fed = names.map((name): JaxArray => {
    const input = inputs[name];
    if (input === undefined) throw new Error(`the input ${name} is missing.`);
    return jax.numpy.array(input.data as Float32Array<ArrayBuffer> | Int32Array<ArrayBuffer>, {
      shape: [...input.shape],
    });
  });
  const written = writeLoss[problem.kind](jax, problem);
  const loss: JaxLoss = (...given) => written(Object.fromEntries(names.map((name, i) => [name, given[i] as JaxArray])));
  const compiled = compile(jax, loss, part === "gradient" ? wrt.length : 0);
  const run = (): readonly JaxArray[] => compiled(fed.map((array) => array.ref));
  return {
    call: async () => {
      const results = run();
      await jax.blockUntilReady([...results]);
      for (const result of results) result.dispose();
    },
    answer: async () => {
      const [value, ...grads] = run();
      const read: Record<string, Float32Array> = {};
      for (const [i, grad] of grads.entries()) read[wrt[i] ?? ""] = floatsOf(await grad.data());
      return { value: scalarOf(await value?.data()), grads: read };
    },
    close: async () => undefined,
  };
}

async function loadJax(): Promise<Jax> {
  let jax: Jax;
  try {
    jax = await import("@jax-js/jax");
  } catch (cause) {
    throw new Error("the peer needs @jax-js/jax. Run: npm install @jax-js/jax", { cause });
  }
  await jax.init("wasm");
  jax.defaultDevice("wasm");
  return jax;
}

/** The value, and the gradients by the first inputs, as many as are asked for. */
function compile(jax: Jax, loss: JaxLoss, gradients: number): (inputs: readonly JaxArray[]) => readonly JaxArray[] {
  if (gradients === 0) {
    const value = jax.jit(loss);
    return (inputs) => [value(...inputs)];
  }
  const both = jax.jit(jax.valueAndGrad(loss, { argnums: Array.from({ length: gradients }, (_, i) => i) }));
  return (inputs) => {
    const [value, grads] = both(...inputs) as unknown as [JaxArray, JaxArray[]];
    return [value, ...grads];
  };
}

type Named = (inputs: Readonly<Record<string, JaxArray>>) => JaxArray;

const writeLoss: { readonly [K in Kind]: (jax: Jax, size: Problem) => Named } = {
  // A comparison with the classes, as oneHot is rows of a square matrix of them.
  crossEntropy:
    ({ numpy: np, nn }, { columns }) =>
    ({ input, target }) => {
      const isTarget = np.equal(np.expandDims(some(target), 1), np.arange(columns));
      const own = np.sum(np.where(isTarget, some(input).ref, 0), 1);
      return np.mean(nn.logsumexp(some(input), 1).sub(own));
    },
  triplet: ({ numpy: np, nn }) => {
    const distance = (x: JaxArray, y: JaxArray): JaxArray =>
      np.sqrt(np.sum(np.square(x.sub(y).add(tripletOptions.eps)), 1));
    return ({ anchor, positive, negative }) => {
      const closer = distance(some(anchor).ref, some(positive)).sub(distance(some(anchor), some(negative)));
      return np.mean(nn.relu(closer.add(tripletOptions.margin)));
    };
  },
  clip: ({ numpy: np, nn }, { rows }) => {
    const half = (logits: JaxArray): JaxArray => np.mean(np.sum(nn.logSoftmax(logits).mul(np.eye(rows)), 1)).neg();
    return ({ image, text, logitScale }) => {
      const logits = (x: JaxArray, y: JaxArray, scale: JaxArray): JaxArray => np.matmul(x, np.transpose(y)).mul(scale);
      const byImage = logits(some(image).ref, some(text).ref, some(logitScale).ref);
      return half(byImage)
        .add(half(logits(some(text), some(image), some(logitScale))))
        .mul(0.5);
    };
  },
  vse:
    ({ numpy: np, nn }, { rows }) =>
    ({ image, text }) => {
      const scores = np.matmul(some(image), np.transpose(some(text)));
      const own = np.sum(scores.ref.mul(np.eye(rows)), 1, { keepdims: true });
      const hinge = (positive: JaxArray, others: JaxArray): JaxArray =>
        nn.relu(others.sub(positive).add(vseMargin)).mul(np.eye(rows).mul(-1).add(1));
      const captions = np.max(hinge(own.ref, scores.ref), 1);
      const images = np.max(hinge(np.transpose(own), scores), 0);
      return np.sum(captions).add(np.sum(images));
    },
  kl:
    ({ numpy: np }) =>
    ({ input, target }) =>
      np.mean(np.exp(some(target).ref).mul(some(target).sub(some(input)))),
  smoothL1:
    ({ numpy: np }) =>
    ({ input, target }) => {
      const size = np.abs(some(input).sub(some(target)));
      const clipped = np.minimum(size.ref, 1);
      return rowMeans(np, clipped.ref.mul(size.sub(clipped.mul(0.5))));
    },
  bce:
    ({ numpy: np, nn }) =>
    ({ input, target }) =>
      rowMeans(np, nn.softplus(some(input).ref).sub(some(input).mul(some(target)))),
};

/** The mean of the rows' means: the sum of all at once is inexact in float32. */
function rowMeans(np: typeof numpy, x: JaxArray): JaxArray {
  return np.mean(np.mean(x, 1));
}

function some(array: JaxArray | undefined): JaxArray {
  if (array === undefined) throw new Error("an input of the peer is missing.");
  return array;
}
