import { firstScript } from "../server/firstScript.js";

/**
 * The page as VitePress writes it, its head put right. What is drawn comes first: styles and fonts go before the scripts that
 * make the page live. The style sheet of VitePress's icons, of which there are none here, is not asked for; and the one script in
 * the page stands before the styles, as it would wait for them.
 */
export function putHeadRight(html: string): string {
  return html
    .replace(/<script id="check-mac-os">.*?<\/script>/s, "")
    .replace(/^.*vp-icons\.css.*\n/m, "")
    .replace(/<meta charset="utf-8">/, () => `<meta charset="utf-8">\n    <script>${firstScript}</script>`)
    .replaceAll('<link rel="modulepreload"', '<link rel="modulepreload" fetchpriority="low"')
    .replaceAll('<script type="module"', '<script type="module" fetchpriority="low"');
}

/** The fonts of the first words on every page: a browser would see only after the style sheet that it needs them. */
export function firstFonts(assets: readonly string[]): readonly string[] {
  const found = ["source-sans-3-latin-wght-normal", "KaTeX_Main-Regular"].map((name) =>
    assets.find((file) => file.includes(`${name}.`) && file.endsWith(".woff2")),
  );
  return found.map((file) => {
    if (file === undefined)
      throw new Error(`docs: the first fonts must be among the assets, got ${assets.join(", ")}.`);
    return file;
  });
}
