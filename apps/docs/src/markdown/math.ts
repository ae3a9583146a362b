import { createHash } from "node:crypto";
import katex from "katex";

/** The style attributes that formulas of this run have, by the class that stands in their place. */
const styles = new Map<string, string>();

/**
 * A formula as HTML and MathML. A strict content-security policy allows no style attributes, and KaTeX writes them: each
 * becomes a class, whose rule `mathCss` writes.
 */
export function renderMath(latex: string, isDisplay: boolean): string {
  const html = katex.renderToString(latex, { displayMode: isDisplay, throwOnError: true, strict: "ignore" });
  return classesForStyles(html).replace(/^<span/, "<span v-pre");
}

/** The formula, or its text where KaTeX cannot read it. */
export function tryMath(latex: string): boolean {
  try {
    katex.renderToString(latex, { strict: "ignore" });
    return true;
  } catch {
    return false;
  }
}

export function classesForStyles(html: string): string {
  return html.replace(
    /<(\w+)([^>]*?)\sstyle="([^"]*)"([^>]*)>/g,
    (_, tag: string, before: string, style: string, after: string) => {
      const name = `m${createHash("sha256").update(style).digest("hex").slice(0, 6)}`;
      styles.set(name, style);
      const attributes = `${before}${after}`;
      const classed = / class="/.test(attributes)
        ? attributes.replace(/ class="/, ` class="${name} `)
        : `${attributes} class="${name}"`;
      return `<${tag}${classed}>`;
    },
  );
}

/** The rules of all classes so far, in a stable order. */
export function mathCss(): string {
  return [...styles]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, style]) => `.katex .${name},.katex.${name}{${style.replace(/;$/, "")}}\n`)
    .join("");
}
