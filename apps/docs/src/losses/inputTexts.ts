import { formatTokens, type Bound } from "@losses/core";
import type { Translate } from "../i18n/translator.js";
import type { InputDocs, InputFormDocs } from "./lossDocs.js";

const phrases = {
  float: "floating numbers",
  number: "numbers of any dtype",
  mask: "true or false",
  index: "integers",
  range: "integers in {range}",
  rangeOr: "integers in {range}, or `{except}`",
  list: "a list of {shape}",
  parameter: "{numbers}, a parameter of the model",
  case: "{shape} with {option}",
  without: "{shape} without {input}",
} as const;

/** Every text that says what an input is, whether or not a loss of today needs it. */
export const inputPhrases: readonly string[] = Object.values(phrases);

/** The shapes that an input may have, and the option that asks for each, where one does. */
export function inputShapes({ forms, isList }: InputDocs, t: Translate): string {
  const shapes = forms.map(({ shape, when }) => {
    const printed = `\`${formatTokens(shape)}\``;
    if (when === undefined) return printed;
    if ("option" in when) {
      return t(phrases.case, { shape: printed, option: `\`${when.option}: ${JSON.stringify(when.is)}\`` });
    }
    return when.given
      ? t(phrases.case, { shape: printed, option: `\`${when.input}\`` })
      : t(phrases.without, { shape: printed, input: `\`${when.input}\`` });
  });
  const text = distinct(shapes, t);
  return isList ? t(phrases.list, { shape: text }) : text;
}

/** What an input may hold. */
export function inputHolds({ forms, isParameter }: InputDocs, t: Translate): string {
  const text = distinct(
    forms.map(({ holds }) => formHolds(holds, t)),
    t,
  );
  return isParameter ? t(phrases.parameter, { numbers: text }) : text;
}

function formHolds(holds: InputFormDocs["holds"], t: Translate): string {
  switch (holds.kind) {
    case "float":
      return t(phrases.float);
    case "number":
      return t(phrases.number);
    case "mask":
      return t(phrases.mask);
    case "index": {
      const { from, below, atMost, except } = holds;
      const end = below ?? atMost;
      if (end === undefined) return t(phrases.index);
      const range = `[${from}, ${printBound(end)}${below === undefined ? "]" : ")"}`;
      return except === undefined ? t(phrases.range, { range }) : t(phrases.rangeOr, { range, except });
    }
  }
}

/** A size or letter as it is; options and inputs by their names, as code. */
function printBound(bound: Bound): string {
  if (typeof bound !== "object") return String(bound);
  if ("computed" in bound) return bound.computed;
  return `\`${"option" in bound ? bound.option : bound.input}\``;
}

function distinct(texts: readonly string[], t: Translate): string {
  return [...new Set(texts)].join(` ${t("or")} `);
}
