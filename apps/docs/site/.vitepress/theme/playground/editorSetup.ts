import {
  autocompletion,
  closeBrackets,
  closeBracketsKeymap,
  completionKeymap,
  type CompletionContext,
  type CompletionResult,
} from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { javascript } from "@codemirror/lang-javascript";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { linter, setDiagnostics, type Diagnostic } from "@codemirror/lint";
import { EditorState } from "@codemirror/state";
import { drawSelection, EditorView, highlightActiveLine, hoverTooltip, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";
import type { TypeClient } from "./typeClient.js";

/** Colours are variables of the site, so that they follow its light and dark. */
const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.operatorKeyword, tags.modifier], color: "var(--c-keyword)" },
  { tag: [tags.string, tags.regexp, tags.special(tags.string)], color: "var(--c-string)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--c-constant)" },
  { tag: tags.comment, color: "var(--c-comment)" },
  {
    tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.typeName],
    color: "var(--c-function)",
  },
  { tag: tags.punctuation, color: "var(--c-punctuation)" },
]);

const look = EditorView.theme({
  "&": {
    color: "var(--code-foreground)",
    backgroundColor: "var(--code-background)",
    fontSize: "0.88rem",
    height: "100%",
  },
  ".cm-scroller": { fontFamily: "var(--mono)", lineHeight: "1.6" },
  ".cm-content": { caretColor: "var(--ink)", padding: "0.8rem 0" },
  ".cm-gutters": { backgroundColor: "var(--code-background)", color: "var(--ink-soft)", border: "none" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in srgb, var(--accent) 7%, transparent)" },
  "&.cm-focused": { outline: "2.5px solid var(--accent)", outlineOffset: "-2px" },
  ".cm-cursor": { borderLeftColor: "var(--ink)" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in srgb, var(--accent) 25%, transparent)",
  },
  ".cm-tooltip": {
    backgroundColor: "var(--raised)",
    color: "var(--ink)",
    border: "1px solid var(--line)",
    borderRadius: "8px",
    maxWidth: "36rem",
  },
  ".cm-tooltip-autocomplete > ul > li": { fontFamily: "var(--mono)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--accent-soft)", color: "var(--ink)" },
  ".type-hover": { padding: "0.5rem 0.8rem", whiteSpace: "pre-wrap", fontFamily: "var(--mono)", fontSize: "0.82rem" },
  ".cm-diagnostic": { fontFamily: "var(--sans)" },
});

export interface EditorParts {
  readonly parent: HTMLElement;
  readonly root: ShadowRoot;
  readonly doc: string;
  readonly label: string;
  readonly types: () => TypeClient | undefined;
  readonly changed: (doc: string) => void;
}

/** An editor in a shadow root, where its styles are constructed sheets, which a strict policy allows. */
export function createEditor({ parent, root, doc, label, types, changed }: EditorParts): EditorView {
  const complete = async (context: CompletionContext): Promise<CompletionResult | null> => {
    const word = context.matchBefore(/[\w$]*/);
    const client = types();
    if (client === undefined || word === null) return null;
    const isMember = context.matchBefore(/\.[\w$]*/) !== null || context.matchBefore(/["'{,]\s*[\w$]*/) !== null;
    if (word.from === word.to && !context.explicit && !isMember) return null;
    const found = await client.complete(context.state.doc.toString(), context.pos);
    const options = found.map(({ name, kind }) => ({
      label: name,
      type: kind === "method" || kind === "function" ? "function" : "variable",
    }));
    return { from: word.from, options, validFor: /^[\w$]*$/ };
  };
  const hover = hoverTooltip(async (view, at) => {
    const text = await types()?.hover(view.state.doc.toString(), at);
    if (text === undefined || text === "") return null;
    return {
      pos: at,
      create: () => {
        const dom = document.createElement("div");
        dom.className = "type-hover";
        dom.textContent = text;
        return { dom };
      },
    };
  });
  const lint = linter(
    async (view) => {
      const found = (await types()?.diagnose(view.state.doc.toString())) ?? [];
      const end = view.state.doc.length;
      return found.map(({ from, to, message }): Diagnostic => ({
        from: Math.min(from, end),
        to: Math.min(to, end),
        message,
        severity: "error",
      }));
    },
    { delay: 600 },
  );
  return new EditorView({
    parent,
    root,
    state: EditorState.create({
      doc,
      extensions: [
        lineNumbers(),
        history(),
        drawSelection(),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        highlightActiveLine(),
        autocompletion({ override: [complete] }),
        keymap.of([...closeBracketsKeymap, ...defaultKeymap, ...historyKeymap, ...completionKeymap, indentWithTab]),
        javascript({ typescript: true }),
        syntaxHighlighting(colours),
        hover,
        lint,
        look,
        EditorView.contentAttributes.of({ "aria-label": label, tabindex: "0" }),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) changed(update.state.doc.toString());
        }),
      ],
    }),
  });
}

/** Marks the line at which a program failed. */
export function markLine(view: EditorView, line: number | undefined, message: string): void {
  const found = line === undefined || line > view.state.doc.lines ? undefined : view.state.doc.line(line);
  const marks: Diagnostic[] =
    found === undefined ? [] : [{ from: found.from, to: found.to, severity: "error", message }];
  view.dispatch(setDiagnostics(view.state, marks));
}
