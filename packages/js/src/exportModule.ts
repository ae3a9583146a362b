import {
  checkSpec,
  elementName,
  fixLoss,
  inputOf,
  readOptions,
  symbolicRules,
  UnsupportedOpError,
  type FixedLoss,
  type Graph,
  type LossInputs,
  type LossSpec,
  type SymbolicRequest,
} from "@losses/core";
import { compileProgram, needsHost, saveProgram } from "@losses/wasm";

export type ExportModuleOptions<I extends LossInputs = LossInputs> = Omit<SymbolicRequest<I>, "dtype">;

const { dtype: _, ...rules } = symbolicRules;

/** A loss as the text of an ES module, and that of its declarations. */
export interface LossModule {
  readonly code: string;
  readonly types: string;
}

/**
 * Compiles a loss ahead of time: the text of an ES module that computes it with `@losses/js/precompiled` alone, and that of its type
 * declarations. In a bundle that is a fraction of the loss with a backend, which trace, differentiate and compile when they run. The module
 * exports `valueSync(feeds)` and, with gradients, `valueAndGradSync(feeds)`; results are those of the engine `wasm` without relaxed SIMD, in
 * float32.
 *
 * What the loss is given is fixed: its options, which optional inputs there are, and how many axes they have. Sizes are not, unless `shapes`
 * says so. Large products are held in memory as a whole.
 *
 * @param typed - the loss with its options
 * @param options - `gradients`: true, or the inputs whose gradients there shall be, default none; `shapes` and `inputs`: the axes and dtypes
 * of single inputs
 * @throws OptionError on an option that does not exist; InputError, ShapeError or DTypeError where the options do not fit the loss
 * @example
 * ```ts
 * const { code, types } = exportModule(tripletMarginLoss({ margin: 0.2 }), { gradients: true });
 * ```
 */
export function exportModule<I extends LossInputs>(typed: LossSpec<I>, options?: ExportModuleOptions<I>): LossModule {
  checkSpec("exportModule", typed);
  const spec: LossSpec = typed;
  const asked = readOptions("exportModule", options as ExportModuleOptions | undefined, rules);
  const fixed = fixLoss(spec, asked);
  const functions = [functionOf("valueSync", "precompiledValue", fixed.value)];
  if (fixed.valueAndGrad !== undefined) {
    functions.push(functionOf("valueAndGradSync", "precompiledValueAndGrad", fixed.valueAndGrad));
  }
  return { code: codeOf(spec, fixed, functions), types: typesOf(spec, fixed) };
}

/** An exported function of a module. */
interface ModuleFunction {
  readonly code: string;
  readonly imports: readonly string[];
}

function functionOf(name: string, made: string, graph: Graph): ModuleFunction {
  // What every engine with SIMD can run.
  const { program, reason } = compileProgram(graph, { relaxed: false }, ["float32", "int32", "bool"]);
  if (program === undefined) throw new UnsupportedOpError(`exportModule: ${reason}`);
  const host = needsHost(program) ? ["hostSteps"] : [];
  const parameters = ["signature", quoted(saveProgram(program)), ...host].join(", ");
  return { code: `export const ${name} = /* @__PURE__ */ ${made}(${parameters});`, imports: [made, ...host] };
}

function codeOf(spec: LossSpec, { signature }: FixedLoss, functions: readonly ModuleFunction[]): string {
  const imports = [...new Set(functions.flatMap((own) => own.imports))].sort();
  return `// ${titleOf(spec)}, written by exportModule of @losses/js/export.
import { ${imports.join(", ")} } from "@losses/js/precompiled";

const signature = ${quoted(signature)};

${functions.map(({ code }) => code).join("\n")}
`;
}

/** The loss and its options, where those can be written. */
function titleOf(spec: LossSpec): string {
  try {
    return `${spec.name} ${JSON.stringify(spec.toJSON().options)}`;
  } catch {
    return spec.name;
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}

function typesOf(spec: LossSpec, { inputs, gradients }: FixedLoss): string {
  const value = ["/** The loss. */", "export declare function valueSync(feeds: Feeds): JsTensor;"];
  const both = [
    "/** The loss and its gradients. */",
    `export declare function valueAndGradSync(feeds: Feeds): { readonly value: JsTensor; readonly grads: ${membersOf(gradients, "JsTensor")} };`,
  ];
  return [
    `// ${titleOf(spec)}, written by exportModule of @losses/js/export.`,
    'import type { JsTensor, PlainTensor } from "@losses/js/precompiled";',
    "",
    "/** What the loss is fed. */",
    `export type Feeds = ${membersOf(Object.keys(inputs), "PlainTensor")};`,
    ...value,
    ...(gradients.length === 0 ? [] : both),
    "",
  ].join("\n");
}

/** Members of an object by input; the elements of a list are one. */
function membersOf(tensors: readonly string[], type: string): string {
  const inputs = [...new Set(tensors.map(inputOf))];
  const members = inputs.map((input) => {
    const isList = tensors.includes(elementName(input, 0));
    return `readonly ${input}: ${isList ? `readonly ${type}[]` : type}`;
  });
  return `{ ${members.join("; ")} }`;
}
