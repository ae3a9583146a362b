import { isListOf, isObject, printValue, readable } from "../arguments.js";
import type { Backend, Engine } from "../backend.js";
import { OptionError } from "../errors.js";
import { isFloat, type FloatDType } from "../tensor/dtype.js";

/** Refuses what is no backend; throws `OptionError`. `where`: what was called with it. */
export function checkBackend(where: string, backend: unknown): void {
  const methods: readonly (keyof Backend<unknown>)[] = ["compile", "tensor", "read", "release", "dispose"];
  checkParts(where, "the backend", backend, methods, " Make one with createBackend().");
}

/** Refuses what is no engine; throws `OptionError`. */
export function checkEngine(where: string, engine: unknown): void {
  const methods: readonly (keyof Engine<unknown>)[] = [
    "isTensor",
    "describe",
    "convert",
    "upload",
    "download",
    "release",
    "compile",
    "dispose",
  ];
  checkParts(where, "the engine", engine, methods, "");
}

function checkParts(where: string, what: string, value: unknown, methods: readonly string[], cure: string): void {
  readable(where, () => {
    if (!isObject(value))
      throw new OptionError(`${where}: ${what} must be an object, got ${printValue(value)}.${cure}`);
    const { id, device, dtypes } = value;
    if (typeof id !== "string" || typeof device !== "string") {
      throw new OptionError(
        `${where}: ${what} must have an id and a device, got ${printValue(id)}, ${printValue(device)}.${cure}`,
      );
    }
    if (!isListOf(dtypes, (dtype) => isFloat(dtype as FloatDType)) || dtypes.length === 0) {
      throw new OptionError(`${where}: ${what} must have a list of floating dtypes, got ${printValue(dtypes)}.${cure}`);
    }
    for (const name of methods) {
      if (typeof value[name] === "function") continue;
      throw new OptionError(`${where}: ${what} must have a function ${name}, got ${printValue(value[name])}.${cure}`);
    }
  });
}
