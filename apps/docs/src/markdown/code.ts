import { createCssVariablesTheme, type ShikiTransformer, type ThemeRegistration } from "shiki";

/** Colours of code are variables of the site, so that they follow its light and dark. */
export const codeTheme: ThemeRegistration = createCssVariablesTheme({ name: "losses", variablePrefix: "--code-" });

/** Colours as classes: a strict content-security policy allows no style attributes. */
export const tokensAsClasses: ShikiTransformer = {
  name: "tokens as classes",
  pre(node) {
    delete node.properties["style"];
  },
  span(node) {
    const style = String(node.properties["style"] ?? "");
    delete node.properties["style"];
    const [, token] = /color:var\(--code-(?:token-)?([\w-]+)\)/.exec(style) ?? [];
    if (token !== undefined) this.addClassToHast(node, `c-${token}`);
  },
};
