import { runInThisContext } from "node:vm";
import {
  inputOf,
  LossesError,
  ShapeError,
  type Backend,
  type Dim,
  type InputDType,
  type InputRequest,
  type LossSpec,
  type PlainTensor,
} from "@losses/core";
import { createBackendSync, type JsTensor } from "@losses/js";
import { exportModule } from "@losses/js/export";
import * as runtime from "@losses/js/precompiled";
import { loadFixtures, loadKnownFailures } from "../../src/index.js";
import { testBackend } from "../../src/vitest.js";

/** A tensor of a case. */
interface Fed {
  readonly data: readonly number[] | PlainTensor;
  readonly shape: readonly number[];
  readonly dtype?: InputDType;
}

type Feeds = Readonly<Record<string, Fed | readonly Fed[]>>;

interface Module {
  readonly valueSync: (feeds: Feeds) => JsTensor;
  readonly valueAndGradSync: (feeds: Feeds) => { readonly value: JsTensor; readonly grads: runtime.PrecompiledGrads };
}

/** What the text of a module exports. */
function load(code: string): Module {
  const body = code.replace(/^import .*$/m, "").replaceAll("export const ", "exported.");
  const names = Object.keys(runtime).join(", ");
  const run: unknown = runInThisContext(`(({ ${names} }) => { const exported = {}; ${body} return exported; })`);
  return (run as (own: object) => Module)(runtime);
}

const modules = new Map<string, Module>();

/** The loss as a module, for inputs with so many axes, of these sizes or of sizes by name. */
function exported(spec: LossSpec, feeds: Feeds, gradients: readonly string[], dim: (size: number) => Dim): Module {
  const all = Object.entries(feeds).flatMap(([name, fed]): (readonly [string, Fed])[] =>
    "shape" in fed ? [[name, fed]] : fed.map((item, i) => [`${name}.${i}`, item]),
  );
  const requests = all.map(([name, { shape, dtype }]): [string, InputRequest] => {
    const isKept = dtype === "int32" || dtype === "int64" || dtype === "bool";
    return [name, { shape: shape.map(dim), dtype: isKept ? dtype : "float32" }];
  });
  const inputs = Object.fromEntries(requests);
  const key = JSON.stringify([spec, inputs, gradients]);
  const known = modules.get(key);
  if (known !== undefined) return known;
  const made = load(exportModule(spec, { inputs, gradients: [...new Set(gradients.map(inputOf))] }).code);
  modules.set(key, made);
  return made;
}

/** Equal sizes have one name, so that a module serves all batches; but where the loss must know them. */
function moduleFor(spec: LossSpec, feeds: Feeds, gradients: readonly string[]): Module {
  try {
    return exported(spec, feeds, gradients, (size) => (size === 1 ? size : `S${size}`));
  } catch (cause) {
    if (!(cause instanceof ShapeError)) throw cause;
    return exported(spec, feeds, gradients, (size) => size);
  }
}

/** A backend whose losses are modules that were written ahead of time: golden cases hold for them too. */
function precompiledBackend(): Backend<JsTensor> {
  const js = createBackendSync({ engine: "wasm" });
  const compile = async (spec: LossSpec): Promise<unknown> => ({
    spec,
    value: async (feeds: Feeds) => moduleFor(spec, feeds, []).valueSync(feeds),
    valueAndGrad: async (feeds: Feeds, { wrt }: { readonly wrt: readonly string[] }) =>
      wrt.length === 0
        ? { value: moduleFor(spec, feeds, []).valueSync(feeds), grads: {} }
        : moduleFor(spec, feeds, wrt).valueAndGradSync(feeds),
    warm: async () => undefined,
    uses: () => [],
  });
  const refuse = (): never => {
    throw new LossesError("BACKEND_FAILED", "a module takes plain data only.");
  };
  return { ...js, id: "js:precompiled", compile: compile as Backend<JsTensor>["compile"], tensor: refuse };
}

await testBackend(async () => precompiledBackend(), {
  id: "js:precompiled",
  atMost: 2,
  // Modules give no parts, and are not written for what is refused: packages/js/test has what they refuse.
  fixtures: loadFixtures().filter(({ parts, expected }) => parts !== true && !("error" in expected)),
  knownFailures: loadKnownFailures(),
});
