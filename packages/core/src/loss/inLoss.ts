import type { MaybePromise } from "../backend.js";
import { DTypeError, InputError, LossesError, OptionError, ShapeError, UnsupportedOpError } from "../errors.js";

const told = new WeakSet<LossesError>();

/** What `work` gives. An error of an op in it names the loss too: `myLoss: matmul: shapes must …`. */
export function inLoss<A>(loss: string, work: () => A): A {
  try {
    return work();
  } catch (cause) {
    if (!(cause instanceof LossesError) || told.has(cause) || cause.message.startsWith(`${loss}: `)) throw cause;
    const error = again(cause, `${loss}: ${cause.message}`);
    told.add(error);
    throw error;
  }
}

/** The same for work of a backend on one input, which knows neither loss nor input: `myLoss: labels: int64 values must …`. */
export function onInput<A>(loss: string, input: string, work: () => MaybePromise<A>): MaybePromise<A> {
  const where = `${loss}: ${input}`;
  const done = inLoss(where, work);
  if (!(done instanceof Promise)) return done;
  return done.catch((cause: unknown) =>
    inLoss(where, () => {
      throw cause;
    }),
  );
}

function again(cause: LossesError, message: string): LossesError {
  if (cause instanceof ShapeError) return new ShapeError(message, { cause });
  if (cause instanceof DTypeError) return new DTypeError(message, { cause });
  if (cause instanceof UnsupportedOpError) return new UnsupportedOpError(message, { cause });
  if (cause instanceof OptionError) return new OptionError(message, cause.code as "INVALID_OPTION", { cause });
  if (cause instanceof InputError) return new InputError(message, cause.code as "INVALID_INPUT", { cause });
  return new LossesError(cause.code, message, { cause });
}
