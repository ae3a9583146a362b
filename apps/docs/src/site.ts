/** The languages of the site; the first is the one that everything is written in. */
export const locales = ["en", "zh"] as const;

export type Locale = (typeof locales)[number];

/**
 * Where the site is served in the end: canonical links, the sitemap and the social picture need it. `LOSSES_DOCS_URL` names
 * another address; a path in it becomes the base of every link.
 */
export const siteUrl: URL = new URL(process.env["LOSSES_DOCS_URL"] ?? "https://losses.github.io/");

/** The path that a page has in a language: `losses/clipLoss` is at `/zh/losses/clipLoss` in Chinese. */
export function localPath(locale: Locale, page: string): string {
  return locale === "en" ? page : `${locale}/${page}`;
}
