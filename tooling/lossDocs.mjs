// Reads what the losses say of themselves from the comments in their source. A loss says:
//
//   /** Distance beyond which a pair costs nothing. Default 1. */   on a member of its options; its text ends at the default
//
//   /**
//    * The summary, one sentence.
//    *
//    * Details, for readers of the code and for editors.
//    *
//    * @formula `relu(margin - input)`
//    * @pytorch `torch.nn.functional.hinge_embedding_loss`
//    * @input input - What the input holds.
//    * @note A difference from PyTorch, or a trap; as many as there are.
//    * @note {@link shortestNorm}                                  what the comment of this constant or function of math/ says
//    * @see A paper or another source.
//    * @throws OptionError …
//    * @example …
//    */                                                             on the loss itself
import { existsSync } from "node:fs";
import { join } from "node:path";
import ts from "typescript";
import { root } from "./repository.mjs";

/**
 * @typedef {object} LossComment
 * @property {string} summary
 * @property {string} formula
 * @property {string} [pytorch]
 * @property {string[]} notes
 * @property {string[]} references
 * @property {Record<string, string>} inputs
 * @property {Record<string, string>} options
 */

/**
 * @typedef {object} Block
 * @property {string} tag empty for what comes before the first one
 * @property {string} text
 */

/**
 * What the losses say, by name, and what is said of the inputs and options that most of them have.
 * @typedef {object} LossComments
 * @property {Record<string, LossComment>} losses
 * @property {Pick<LossComment, "inputs" | "options">} common
 * @property {Record<string, Record<string, string>>} defaults the defaults that the comments on options name, as they are written
 */

const once = ["formula", "pytorch"];
const often = ["input", "note", "see", "throws", "example"];
const source = join(root, "packages/core/src");

/**
 * @param {readonly { family: string, name: string }[]} files
 * @returns {LossComments}
 */
export function readLossComments(files) {
  const paths = files.map(({ family, name }) => join(source, "losses", family, `${name}.ts`));
  const program = ts.createProgram(paths, {
    noEmit: true,
    strict: true,
    target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    types: [],
  });
  const checker = program.getTypeChecker();
  const docsOf = (/** @type {string} */ file, /** @type {string} */ name) =>
    readMembers(name, checker.getTypeAtLocation(findType(sourceOf(program, join(source, "loss", file)), name))).docs;
  const everyOption = docsOf("define.ts", "CommonOptions");
  /** @type {LossComments} */
  const comments = {
    losses: {},
    common: {
      inputs: docsOf("inputTypes.ts", "Sampled"),
      options: { ...docsOf("options.ts", "ReductionOption"), ...everyOption },
    },
    defaults: {},
  };
  const shared = sharedTexts(program);
  for (const [i, { name }] of files.entries()) {
    const file = sourceOf(program, paths[i] ?? "");
    const { statement, options, inputs } = findLoss(name, file);
    const own = readMembers(name, checker.getTypeFromTypeNode(options));
    const typed = inputs === undefined ? [] : checker.getTypeFromTypeNode(inputs).getProperties();
    comments.losses[name] = describe(
      name,
      blocksOf(commentOf(statement)),
      typed,
      { ...own.docs, ...everyOption },
      shared,
    );
    comments.defaults[name] = own.defaults;
  }
  return comments;
}

/**
 * @param {ts.Program} program
 * @param {string} path
 */
function sourceOf(program, path) {
  const file = program.getSourceFile(path);
  if (file === undefined)
    throw new Error(`lossDocs: ${path} must be there, got ${existsSync(path) ? "no TypeScript" : "nothing"}.`);
  return file;
}

/**
 * @param {ts.SourceFile} file
 * @param {string} name
 */
function findType(file, name) {
  const types = file.statements.filter((one) => ts.isInterfaceDeclaration(one) || ts.isTypeAliasDeclaration(one));
  const found = types.find((one) => one.name.text === name);
  if (found === undefined) throw new Error(`lossDocs: ${file.fileName} must declare ${name}.`);
  return found;
}

/**
 * @param {string} name
 * @param {ts.SourceFile} file
 */
function findLoss(name, file) {
  const statement = file.statements
    .filter(ts.isVariableStatement)
    .find(({ declarationList }) => declarationList.declarations.some((one) => one.name.getText(file) === name));
  const type = statement?.declarationList.declarations[0]?.type;
  if (statement === undefined || type === undefined || !ts.isTypeReferenceNode(type)) {
    throw new Error(`${name}: ${file.fileName} must export const ${name}: Loss<…>.`);
  }
  const [options, inputs] = type.typeArguments ?? [];
  if (options === undefined) throw new Error(`${name}: its type must name its options.`);
  return { statement, options, inputs };
}

/**
 * @param {string} name
 * @param {readonly Block[]} blocks
 * @param {readonly ts.Symbol[]} typed its inputs
 * @param {Record<string, string>} options
 * @param {ReadonlyMap<string, string>} shared
 * @returns {LossComment}
 */
function describe(name, blocks, typed, options, shared) {
  const unknown = blocks.find(({ tag }) => tag !== "" && !once.includes(tag) && !often.includes(tag));
  if (unknown !== undefined)
    throw new Error(`${name}: @${unknown.tag} is no block of a loss (${[...once, ...often].join(", ")}).`);
  const all = (/** @type {string} */ tag) => blocks.filter((block) => block.tag === tag).map(({ text }) => text);
  for (const tag of once) if (all(tag).length > 1) throw new Error(`${name}: @${tag} must be there once.`);
  const summary = firstParagraph(all("")[0] ?? "");
  const [formula = ""] = all("formula").map(code);
  const [pytorch] = all("pytorch").map(code);
  if (summary === "" || formula === "") throw new Error(`${name}: the comment must have a summary and @formula.`);
  return {
    summary,
    formula,
    ...(pytorch === undefined ? {} : { pytorch }),
    notes: all("note").map((note) => linked(name, note, shared)),
    references: all("see"),
    inputs: readInputs(name, all("input"), typed),
    options,
  };
}

/**
 * What the constants and functions say that losses share, each in its comment's first paragraph.
 * @param {ts.Program} program
 * @returns {ReadonlyMap<string, string>}
 */
function sharedTexts(program) {
  const files = program.getSourceFiles().filter(({ fileName }) => fileName.includes("/core/src/math/"));
  return new Map(
    files.flatMap((file) =>
      file.statements.flatMap((statement) => {
        const names = ts.isVariableStatement(statement)
          ? statement.declarationList.declarations.map((one) => one.name.getText(file))
          : ts.isFunctionDeclaration(statement) && statement.name !== undefined
            ? [statement.name.text]
            : [];
        const text = firstParagraph(commentOf(statement));
        return names.map((name) => /** @type {const} */ ([name, text]));
      }),
    ),
  );
}

/**
 * @param {string} name
 * @param {string} note
 * @param {ReadonlyMap<string, string>} shared
 */
function linked(name, note, shared) {
  const [, target] = /^\{@link (\w+)\}$/.exec(note) ?? [];
  if (target === undefined) return note;
  const text = shared.get(target) ?? "";
  if (text === "")
    throw new Error(`${name}: @note must link to a constant or function of math/ with a comment, got ${target}.`);
  return text;
}

/**
 * Inputs are told with `@input`; those of a type that losses share, by the comments of its members.
 * @param {string} name
 * @param {readonly string[]} told
 * @param {readonly ts.Symbol[]} typed
 */
function readInputs(name, told, typed) {
  const own = new Map(
    told.map((text) => {
      const [, input = "", doc = ""] = /^(\w+) - (.+)$/s.exec(text) ?? [];
      if (doc === "") throw new Error(`${name}: @input must be a name, a dash and a text, got ${text}.`);
      return [input, doc];
    }),
  );
  const names = typed.map((input) => input.getName());
  for (const input of own.keys()) {
    if (!names.includes(input))
      throw new Error(`${name}: @input tells of ${input}, which is none of ${names.join(", ")}.`);
  }
  return Object.fromEntries(
    typed.map((input) => {
      const [declaration] = input.declarations ?? [];
      const doc =
        own.get(input.getName()) ?? (declaration === undefined ? "" : textOf(blocksOf(commentOf(declaration))));
      if (doc === "") throw new Error(`${name}: @input must tell what ${input.getName()} holds.`);
      return [input.getName(), doc];
    }),
  );
}

/**
 * The texts of a type's members, without their defaults and what follows them.
 * @param {string} name
 * @param {ts.Type} type
 */
function readMembers(name, type) {
  /** @type {Record<string, string>} */
  const docs = {};
  /** @type {Record<string, string>} */
  const defaults = {};
  for (const member of type.getProperties()) {
    const [declaration] = member.declarations ?? [];
    const text = declaration === undefined ? "" : textOf(blocksOf(commentOf(declaration)));
    const [, doc = "", initial] =
      /^(.*?)(?:\s*\bDefault (`[^`]+`|\[[^\]]*\]|\S+?)(?=[.,;:]?(?:\s|$)).*)?$/s.exec(text) ?? [];
    if (doc === "")
      throw new Error(`${name}: the option ${member.getName()} must have a comment that says what it does.`);
    docs[member.getName()] = doc;
    if (initial !== undefined) defaults[member.getName()] = code(initial);
  }
  return { docs, defaults };
}

/**
 * The text of the comment above a node, without its stars.
 * @param {ts.Node} node
 */
function commentOf(node) {
  const comment = ts.getJSDocCommentsAndTags(node).filter(ts.isJSDoc).at(-1);
  return comment === undefined ? "" : withoutStars(comment.getText());
}

/** @param {string} comment */
export function withoutStars(comment) {
  return comment
    .replace(/^\/\*\*/, "")
    .replace(/\*\/$/, "")
    .split("\n")
    .map((line) => line.replace(/^\s*\* ?/, "").trimEnd())
    .join("\n")
    .trim();
}

/**
 * @param {string} text of a comment
 * @returns {Block[]}
 */
export function blocksOf(text) {
  /** @type {Block[]} */
  const blocks = [{ tag: "", text: "" }];
  let fenced = false;
  for (const line of text.split("\n")) {
    const [, tag, rest = ""] = (fenced ? null : /^@([A-Za-z]+)(?:\s+(.*))?$/.exec(line)) ?? [];
    if (line.trimStart().startsWith("```")) fenced = !fenced;
    const last = blocks.at(-1);
    if (tag !== undefined) blocks.push({ tag, text: rest });
    else if (last !== undefined) last.text += `\n${line}`;
  }
  return blocks.map((block) =>
    block.tag === "" || block.tag === "example"
      ? { ...block, text: block.text.trim() }
      : { ...block, text: oneLine(block.text) },
  );
}

/** @param {readonly Block[]} blocks */
function textOf(blocks) {
  return oneLine(blocks[0]?.text ?? "");
}

/** @param {string} text */
function firstParagraph(text) {
  return oneLine(text.split(/\n\s*\n/)[0] ?? "");
}

/** @param {string} text */
function oneLine(text) {
  return text.trim().replace(/\s*\n\s*/g, " ");
}

/** @param {string} text without the backticks around it, if it has no others */
function code(text) {
  return /^`[^`]*`$/.test(text) ? text.slice(1, -1) : text;
}
