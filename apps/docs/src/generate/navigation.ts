import { groupByFamily } from "../losses/families.js";
import { allLossDocs } from "../losses/lossPages.js";
import type { Translate } from "../i18n/translator.js";
import { localPath, type Locale } from "../site.js";
import type { Page } from "./page.js";

export interface NavLink {
  readonly title: string;
  readonly href: string;
}

export interface NavGroup {
  readonly title: string;
  readonly links: readonly NavLink[];
}

/** What leads through the site in one language. */
export interface Navigation {
  readonly losses: readonly NavGroup[];
  readonly guides: readonly NavGroup[];
  readonly api: readonly NavGroup[];
}

/** The guides in the order in which to read them. */
const guideGroups: readonly { readonly title: string; readonly pages: readonly string[] }[] = [
  { title: "Use", pages: ["start", "backends", "tfjs", "onnxruntime", "onnx", "data"] },
  { title: "Make", pages: ["write-a-loss", "write-a-backend", "numerics"] },
  { title: "Move", pages: ["from-pytorch", "from-tfjs", "from-keras", "from-pml", "from-sentence-transformers"] },
];

export function navigation(locale: Locale, pages: readonly Page[], t: Translate): Navigation {
  const link = (path: string): NavLink => {
    const page = pages.find((one) => one.path === path);
    if (page === undefined) throw new Error(`navigation: ${path} must be a page, got none.`);
    return { title: /^title: "?(.*?)"?$/m.exec(page.markdown)?.[1] ?? path, href: `/${localPath(locale, path)}` };
  };
  const apiPaths = pages.map(({ path }) => path).filter((path) => path.startsWith("api/"));
  return {
    losses: [
      {
        title: t("Overview"),
        links: [{ title: t("Which loss when"), href: `/${localPath(locale, "losses/")}` }, link("losses/survey")],
      },
      ...groupByFamily(allLossDocs).map(({ family, losses }) => ({
        title: t(family.title),
        links: losses.map(({ name }) => link(`losses/${name}`)),
      })),
    ],
    guides: guideGroups.map((group) => ({
      title: t(group.title),
      links: group.pages.map((page) => link(`guide/${page}`)),
    })),
    api: [{ title: "API", links: apiPaths.filter((path) => path !== "api/index").map(link) }],
  };
}
