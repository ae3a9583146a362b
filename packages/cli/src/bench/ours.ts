import {
  elementName,
  type Backend,
  type CompiledLoss,
  type LossInputs,
  type SyncCompiledLoss,
  type ValueAndGrad,
} from "@losses/core";
import { openBackend } from "../backends.js";
import { floatsOf, scalarOf, type Contestant } from "./contestant.js";
import { deviceOf } from "./family.js";
import { factsOf, inputsOf, type AnyProblem } from "./lossProblem.js";
import type { Part } from "./problems.js";

/** The loss through the public interface of a backend, synchronously where that is possible. */
export async function openOurs(id: string, problem: AnyProblem, part: Part, threads?: number): Promise<Contestant> {
  const backend = await openBackend(id, threads);
  const { spec, wrt: tensors, inputs, byInput } = await factsOf(problem);
  const wrt = inputsOf(tensors);
  const loss = await backend.compile(spec);
  const feeds = byInput(
    Object.fromEntries(
      Object.entries(inputs).map(([name, { data, shape, dtype }]) => [name, backend.tensor({ data, shape, dtype })]),
    ),
  );
  const gradient = part === "gradient";
  const free = ({ value, grads }: ValueAndGrad<unknown, LossInputs>): void => {
    backend.release(value);
    for (const grad of Object.values(grads).flat()) backend.release(grad);
  };
  const { answersAtOnce, mustBeRead } = deviceOf(id);
  const late = async (): Promise<ValueAndGrad<unknown, LossInputs>> =>
    gradient ? loss.valueAndGrad(feeds, { wrt }) : { value: await loss.value(feeds), grads: {} };
  // No turn of the queue of promises more than the peer takes.
  const callLate = async (): Promise<void> => {
    if (gradient) {
      const result = await loss.valueAndGrad(feeds, { wrt });
      if (mustBeRead) await backend.read(result.value);
      free(result);
    } else {
      const value = await loss.value(feeds);
      if (mustBeRead) await backend.read(value);
      backend.release(value);
    }
  };
  const sync = answersAtOnce && isSync(loss) ? loss : undefined;
  const callNow = (): void => {
    if (sync === undefined) return;
    free(gradient ? sync.valueAndGradSync(feeds, { wrt }) : { value: sync.valueSync(feeds), grads: {} });
  };
  return {
    call: sync === undefined ? callLate : callNow,
    answer: async () => {
      const result = await late();
      const value = scalarOf((await backend.read(result.value)).data);
      const grads = await readGrads(backend, result.grads);
      free(result);
      return { value, grads };
    },
    close: () => backend.dispose(),
  };
}

function isSync(loss: CompiledLoss<unknown>): loss is SyncCompiledLoss<unknown> {
  return "valueSync" in loss && "valueAndGradSync" in loss;
}

async function readGrads(
  backend: Backend<unknown>,
  grads: Readonly<Record<string, unknown>>,
): Promise<Readonly<Record<string, Float32Array>>> {
  const read: Record<string, Float32Array> = {};
  const keep = async (name: string, grad: unknown): Promise<void> => {
    read[name] = floatsOf((await backend.read(grad)).data).slice();
  };
  for (const [name, grad] of Object.entries(grads)) {
    if (!Array.isArray(grad)) await keep(name, grad);
    else for (const [i, one] of grad.entries()) await keep(elementName(name, i), one);
  }
  return read;
}
