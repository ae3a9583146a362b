/** The report's style sheet: light and dark, no fonts or pictures from elsewhere. */
export const style = `
:root { color-scheme: light dark; --ink: #1d2430; --soft: #525c6b; --line: #dfe4ea; --paper: #f6f7f9; --card: #fff;
  --accent: #2f60c0; --good: #0f7545; --goodsoft: #e2f5ea; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6eaf0; --soft: #9aa6b6; --line: #323a46; --paper: #14181e;
  --card: #1c222b; --accent: #7ba5f5; --good: #4ccb8a; --goodsoft: #173526; } }
* { box-sizing: border-box; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 15px/1.55 system-ui, "Segoe UI", "Noto Sans",
  "Noto Sans CJK SC", "PingFang SC", "Microsoft YaHei", sans-serif; }
main { max-width: 1120px; margin: 0 auto; padding: 32px 20px 48px; }
h1 { font-size: 32px; line-height: 1.2; margin: 0 0 10px; letter-spacing: -0.01em; }
h2 { font-size: 20px; margin: 0 0 6px; }
p { margin: 0 0 12px; color: var(--soft); max-width: 78ch; }
p b { color: var(--ink); }
section { background: var(--card); border: 1px solid var(--line); border-radius: 12px; padding: 20px 22px; margin-top: 20px; }
.facts { display: flex; flex-wrap: wrap; gap: 8px 32px; margin: 18px 0 0; }
.facts dt { font-size: 22px; font-weight: 650; }
.facts dd { margin: 0; color: var(--soft); font-size: 13px; }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th { text-align: right; font-size: 12px; line-height: 1.3; font-weight: 600; color: var(--soft); vertical-align: bottom; }
th, td { padding: 6px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
td { text-align: right; }
th:first-child, td:first-child { text-align: left; padding-left: 0; white-space: normal; }
td small { display: block; color: var(--soft); font-size: 12px; line-height: 1.35; max-width: 38ch; }
tr.best td:first-child { border-left: 3px solid var(--good); padding-left: 8px; }
@media (max-width: 640px) { td small { display: none; } th:first-child, td:first-child { position: sticky; left: 0;
  background: var(--card); min-width: 110px; max-width: 38vw; overflow-wrap: anywhere; z-index: 1; } section { padding: 16px 14px; } }
tr.apart td { border-top: 2px solid var(--line); border-bottom: 0; color: var(--soft); }
.bar { position: relative; display: inline-block; width: 92px; height: 20px; background: var(--paper); border-radius: 4px;
  overflow: hidden; vertical-align: middle; }
.bar i { position: absolute; inset: 0 auto 0 0; background: var(--accent); opacity: 0.3; }
.bar b { position: relative; padding-right: 8px; line-height: 20px; font-weight: 600; }
.bar b { display: block; text-align: right; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(290px, 1fr)); gap: 18px 24px; }
.curves figure { margin: 0; }
.curves figcaption { display: flex; justify-content: space-between; font-size: 13px; }
.curves figcaption span { color: var(--soft); font-variant-numeric: tabular-nums; }
svg { display: block; width: 100%; height: auto; }
svg .grid { stroke: var(--line); }
svg .level { stroke: var(--soft); stroke-dasharray: 4 4; }
svg .tick { fill: var(--soft); font-size: 10px; }
svg polyline { fill: none; stroke: var(--accent); stroke-linejoin: round; }
svg .raw { opacity: 0.3; }
svg .mean { stroke-width: 2; }
.query { padding: 12px 0; border-top: 1px solid var(--line); }
.query header { display: flex; align-items: baseline; flex-wrap: wrap; gap: 4px 10px; margin-bottom: 8px; }
q { font-weight: 600; quotes: "“" "”"; }
.language { font-size: 11px; color: var(--soft); border: 1px solid var(--line); border-radius: 4px; padding: 0 6px; }
.place { font-size: 12px; color: var(--soft); }
.place.good { color: var(--good); font-weight: 600; }
.tiles { display: flex; align-items: flex-start; flex-wrap: wrap; gap: 8px; }
.tiles figure { margin: 0; padding: 6px; border: 2px solid transparent; border-radius: 10px; background: var(--paper);
  position: relative; line-height: 0; }
.tiles .asked { background: none; padding: 6px 0 0; text-align: center; }
.asked figcaption { font-size: 11px; line-height: 1.4; color: var(--soft); }
.arrow { color: var(--soft); align-self: center; padding: 0 4px; }
.tiles .right { border-color: var(--good); background: var(--goodsoft); }
.right figcaption { position: absolute; top: -8px; right: -8px; width: 20px; height: 20px; border-radius: 50%;
  background: var(--good); color: var(--card); font-size: 12px; line-height: 20px; text-align: center; }
.pictures { display: grid; grid-template-columns: repeat(auto-fill, minmax(320px, 1fr)); gap: 18px 28px; }
.picture { display: flex; gap: 16px; align-items: flex-start; border-top: 1px solid var(--line); padding-top: 14px; }
.picture div { text-align: center; min-width: 66px; }
.picture div .place { display: block; }
.picture ol { margin: 0; padding-left: 20px; font-size: 13px; }
.picture li.right { color: var(--good); font-weight: 600; }
footer { margin-top: 22px; font-size: 13px; }
a { color: var(--accent); }
`;
