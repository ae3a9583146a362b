import { useData } from "vitepress";
import { fill } from "@app/i18n/fill.js";
import chinese from "../../../translations/zh/interface.json";
import type { Locale } from "@app/site.js";
import type { Navigation } from "@app/generate/navigation.js";

const dictionaries: Readonly<Record<Locale, Readonly<Record<string, string>>>> = { en: {}, zh: chinese };

/** What every page of a language knows. */
export interface SiteConfig {
  readonly locale: Locale;
  readonly navigation: Navigation;
}

/** Texts of the interface in the language of the page. The build lists those without a translation. */
export function useTexts(): {
  readonly t: (english: string, values?: Readonly<Record<string, string | number>>) => string;
  readonly locale: () => Locale;
} {
  const { theme } = useData<SiteConfig>();
  const locale = (): Locale => theme.value.locale;
  return { locale, t: (english, values) => fill(dictionaries[locale()][english] ?? english, values) };
}
