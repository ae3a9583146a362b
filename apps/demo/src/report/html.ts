/** Text as HTML content or attribute value. */
export function escape(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}

/** A table: head cells, then rows; cells are HTML. The last row may stand apart. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  { lastApart = false }: { readonly lastApart?: boolean } = {},
): string {
  const body = rows.map((row, i) => {
    const apart = lastApart && i === rows.length - 1 ? ' class="apart"' : "";
    return `<tr${apart}>${row.map((cell) => `<td>${cell}</td>`).join("")}</tr>`;
  });
  const titles = head.map((title) => `<th>${title}</th>`).join("");
  return `<div class="scroll"><table><thead><tr>${titles}</tr></thead><tbody>${body.join("\n")}</tbody></table></div>`;
}
