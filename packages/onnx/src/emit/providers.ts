/**
 * What a model is for: `"any"` keeps to ops that the providers for GPUs have too, `"cpu"` also takes ops that only the processor's
 * provider has, where they are faster, and `"wasm"` those of them that onnxruntime-web's processor has, which knows no float64.
 */
export type Provider = "any" | "cpu" | "wasm";

/** What the rules may rely on wherever a model is for. */
export interface Abilities {
  /** NaN comes out of functions, extremes and sums of NaN: WGSL lets a GPU assume that there is none. */
  readonly keepsNaN: boolean;
  /** Pow is IEEE 754's for every base, also below 0. */
  readonly powersEveryBase: boolean;
  /** Log is -Infinity at 0, NaN below, and right to its last places near 1. */
  readonly logIsExact: boolean;
  /** Functions that have kernels of their own are right in them. */
  readonly hasFunctionKernels: boolean;
  /** Neg, Abs and Sign over int32. */
  readonly hasIntegerKernels: boolean;
  /** Slice over int32. */
  readonly slicesIntegers: boolean;
  /** Transpose, Reshape, Concat, Slice, Pad and gathers over bool. */
  readonly movesBools: boolean;
  /** Equal over bool. */
  readonly comparesBools: boolean;
  readonly hasOr: boolean;
  /** ReduceMin over bytes. */
  readonly reducesBytes: boolean;
  /** Numbers may be added in float64 on their way. */
  readonly hasFloat64: boolean;
  /** Positions may be int64, which some ops want. */
  readonly hasInt64: boolean;
  /** ScatterElements adds, from opset 16 on. */
  readonly scattersSums: boolean;
  /** TopK takes the first of equal elements first. */
  readonly sortsStably: boolean;
  readonly hasScan: boolean;
  /** Every node runs on one provider, the host's. */
  readonly isOneProvider: boolean;
  /** A node over few elements costs next to nothing, while a GPU launches a kernel for each. */
  readonly smallNodesAreCheap: boolean;
  /** Where costs more than Max: it passes over its operands three times. */
  readonly whereIsSlow: boolean;
  /** GatherElements wakes every thread of the runtime, however little there is to do; GatherND does not. */
  readonly gathersWithAllThreads: boolean;
  /** What `passNames` lists makes a model faster. */
  readonly gainsByPasses: boolean;
}

/** What every provider does, as far as has been tried. */
const any: Abilities = {
  keepsNaN: false,
  powersEveryBase: false,
  logIsExact: false,
  hasFunctionKernels: false,
  hasIntegerKernels: false,
  slicesIntegers: false,
  movesBools: false,
  comparesBools: false,
  hasOr: false,
  reducesBytes: false,
  hasFloat64: false,
  hasInt64: false,
  scattersSums: false,
  sortsStably: false,
  hasScan: false,
  isOneProvider: false,
  smallNodesAreCheap: false,
  whereIsSlow: false,
  gathersWithAllThreads: false,
  gainsByPasses: false,
};

const cpu: Abilities = {
  keepsNaN: true,
  powersEveryBase: true,
  logIsExact: true,
  hasFunctionKernels: true,
  hasIntegerKernels: true,
  slicesIntegers: true,
  movesBools: true,
  comparesBools: true,
  hasOr: true,
  reducesBytes: true,
  hasFloat64: true,
  hasInt64: true,
  scattersSums: true,
  sortsStably: true,
  hasScan: true,
  isOneProvider: true,
  smallNodesAreCheap: true,
  whereIsSlow: true,
  gathersWithAllThreads: true,
  gainsByPasses: true,
};

/** The one place that knows providers by name: rules ask for what they need. */
export const abilities: { readonly [K in Provider]: Abilities } = { any, cpu, wasm: { ...cpu, hasFloat64: false } };

export const providers = Object.keys(abilities) as readonly Provider[];
