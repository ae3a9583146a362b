import { tryMath } from "../markdown/math.js";
import type { LossBlocks } from "./blocks.js";

/** A symbol of a formula: an input or option by name, or what it stands for in a sentence. */
export interface FormulaSymbol {
  readonly latex: string;
  readonly names: string | undefined;
  readonly meaning: string | undefined;
}

export interface Formula {
  /** One line each. */
  readonly latex: readonly string[];
  readonly symbols: readonly FormulaSymbol[];
  readonly plain: string;
}

/** The formula of a loss for KaTeX: as its blocks state it, else made from the plain text. */
export function formulaOf(plain: string, names: readonly string[], blocks: LossBlocks | undefined): Formula {
  if (blocks === undefined || blocks.formula.length === 0) {
    const latex = toLatex(plain, names);
    return { latex: tryMath(latex) ? [latex] : [], symbols: [], plain };
  }
  const symbols = blocks.where.map(({ symbol, meaning }) => {
    const named = names.includes(meaning);
    return { latex: symbol, names: named ? meaning : undefined, meaning: named ? undefined : meaning };
  });
  return { latex: blocks.formula, symbols, plain };
}

const functions = new Set(["log", "exp", "max", "min", "cos", "sin", "cosh", "tanh"]);
const greek = new Set(["alpha", "beta", "gamma", "delta", "lambda", "mu", "sigma", "tau", "theta", "epsilon"]);
const operators: Readonly<Record<string, string>> = {
  "*": "\\cdot ",
  "@": "\\, ",
  "<=": "\\le ",
  ">=": "\\ge ",
  "!=": "\\ne ",
  "||": "\\Vert ",
  "->": "\\to ",
  "..": "\\dots ",
  "…": "\\dots ",
};

/**
 * LaTeX of a formula in plain text, token by token: names of inputs and options in sans serif, functions upright, `_x` and
 * `^x` as indices and powers. It decides nothing about meaning, so it fits any formula.
 */
export function toLatex(plain: string, names: readonly string[]): string {
  const tokens = plain.match(/[A-Za-z][A-Za-z0-9]*|\d+(?:\.\d+)?|\|\||<=|>=|!=|->|\.\.|[_^]|\s+|./gu) ?? [];
  let latex = "";
  for (const token of tokens) {
    if (/^\s+$/.test(token)) latex += latex.endsWith(" ") ? "" : " ";
    else if (token === "_" || token === "^") latex += token;
    else if (/^[A-Za-z]/.test(token)) latex += word(token, names);
    else latex += operators[token] ?? (/^[#$%&~{}\\]$/.test(token) ? `\\${token}` : token);
  }
  // An index or power of several characters needs braces; a word already is one group.
  return latex.trim();
}

function word(token: string, names: readonly string[]): string {
  if (names.includes(token)) return `{\\mathsf{${token}}}`;
  if (functions.has(token)) return `{\\operatorname{${token}}}`;
  if (greek.has(token)) return `{\\${token}}`;
  if (token === "sum") return "\\sum";
  if (token === "sqrt") return "{\\operatorname{sqrt}}";
  return token.length === 1 ? token : `{\\mathrm{${token}}}`;
}
