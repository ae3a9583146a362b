import axe from "axe-core";

interface Page {
  evaluate(script: string): Promise<unknown>;
}

/** What axe finds wrong with a page as it is shown: a line for each rule that is violated, with the first places. */
export async function axeViolations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe.source);
  const { violations } = (await page.evaluate(
    'axe.run(document, { resultTypes: ["violations"] }).then(({ violations }) => ({ violations }))',
  )) as Pick<axe.AxeResults, "violations">;
  return violations.map(
    ({ id, nodes }) =>
      `${id}: ${nodes
        .map(({ html, failureSummary }) => `${html.slice(0, 120)} ${failureSummary?.slice(0, 160) ?? ""}`)
        .slice(0, 3)
        .join(" | ")}`,
  );
}
