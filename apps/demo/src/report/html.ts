/** Text as HTML content or attribute value. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table: head cells, then rows; cells are HTML. The last row may stand apart, and one be marked as the best. Keys scroll it. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { title, lastApart = false, best }: { readonly title: string; readonly lastApart?: boolean; readonly best?: number },
): string {
  const body = rows.map((row, i) => {
    const kind = lastApart && i === rows.length - 1 ? ' class="apart"' : i === best ? ' class="best"' : "";
    return `<tr${kind}>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const titles = head.map((cell) => `<th scope="col">${cell}</th>`).join("");
  return `<div class="scroll" tabindex="0" role="region" aria-label="${title}"><table><thead><tr>${titles}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}
