import { loadFixtures } from "@losses/conformance";
import { allLosses, findLoss } from "@losses/core";
import { createBackendSync } from "@losses/js";
import { readExamples } from "../examples/example.js";
import { planExplorer } from "../explorer/plan.js";
import { evaluate, LossCache, PairsCache } from "../explorer/run.js";
import type { Page } from "../generate/page.js";
import type { Translate } from "../i18n/translator.js";
import { readEdges } from "./edges.js";
import { indexPage, surveyPage } from "./indexPage.js";
import { readLossDocs, type LossDocs } from "./lossDocs.js";
import { localPlan, lossPage } from "./lossPage.js";

const losses = readLossDocs();
const edges = readEdges();
const examples = readExamples(losses);
const cache = new LossCache(createBackendSync({ engine: "scalar" }));
const pairsCache = new PairsCache(cache);

/** Every loss as the site tells it. */
export const allLossDocs: readonly LossDocs[] = losses;

/** An explorer of a loss with its options as declared, and what it shows before anything is moved. */
export function explorerOf(loss: LossDocs): Parameters<typeof lossPage>[0]["explorer"] {
  const plan = planExplorer(loss);
  const spec = findLoss(allLosses, loss.name)();
  const result = evaluate(
    cache.compile(loss.name, () => spec),
    plan.inputs,
  );
  const pairs = plan.view === "scene" ? pairsCache.evaluate(loss.name, spec, plan.inputs) : undefined;
  return written(pairs === undefined ? { plan, result } : { plan, result, pairs });
}

/** What a page is written with: the digits of single precision, which are half as long. */
function written<T>(value: T): T;
function written(value: unknown): unknown {
  if (typeof value === "number") return Number(value.toPrecision(7));
  if (Array.isArray(value)) return value.map((one) => written(one));
  if (typeof value === "object" && value !== null)
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, written(one)]));
  return value;
}

/** The pages of all losses and the pages about all of them, in one language. */
export function lossPages(translate: (part: string) => Translate): readonly Page[] {
  const names = new Set(losses.map(({ name }) => name));
  const t = translate("pages");
  const pages = losses.map((loss) => {
    const related = losses
      .filter(({ name, family }) => family === loss.family && name !== loss.name)
      .map(({ name }) => name);
    const parts = {
      loss,
      explorer: explorerOf(loss),
      edges: edges.get(loss.name) ?? [],
      example: examples.get(loss.name),
      related,
      names,
    };
    return { path: `losses/${loss.name}`, markdown: lossPage(parts, translate(`losses/${loss.family}`)) };
  });
  return [
    { path: "losses/index", markdown: indexPage(losses, t) },
    { path: "losses/survey", markdown: surveyPage(losses, t) },
    ...pages,
  ];
}

/** The loss that the first page shows alive. */
const shownAtHome = "clipLoss";

/** The first page. What it says stands in its component. */
export function homePage(translate: (part: string) => Translate): Page {
  const t = translate("pages");
  const loss = losses.find(({ name }) => name === shownAtHome);
  if (loss === undefined) throw new Error(`docs: the first page shows ${shownAtHome}, which must be a loss.`);
  const explorer = explorerOf(loss);
  const front = {
    title: "@losses",
    description: t(
      "Loss functions for JavaScript: value and gradient, with PyTorch's numbers to the kink, on the runtime you deploy to.",
    ),
    kind: "home",
    facts: { losses: losses.length, cases: loadFixtures().length },
    explorer: { ...explorer, plan: localPlan(explorer.plan, translate(`losses/${loss.family}`)) },
  };
  const lines = Object.entries(front).map(([key, value]) => `${key}: ${JSON.stringify(value)}`);
  return { path: "index", markdown: ["---", ...lines, "---", "", "<HomePage />", ""].join("\n") };
}
