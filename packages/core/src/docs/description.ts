/** What a loss says of itself. */
export interface LossDescription {
  /** One sentence. */
  readonly summary: string;
  /** The formula, in plain text. */
  readonly formula: string;
  /** The equivalent PyTorch call, where there is one. */
  readonly pytorch?: string;
  /** Each difference from that call, and each trap. */
  readonly notes: readonly string[];
  /** Papers and sources. */
  readonly references: readonly string[];
  /** What each input holds. */
  readonly inputs: Readonly<Record<string, string>>;
  /** What each option does. */
  readonly options: Readonly<Record<string, string>>;
}
