import { allLosses } from "@losses/core";
import { describeLoss } from "@losses/core/docs";
import { columns, print, toJSON } from "../output.js";

/** `losses list`: every loss, by family. */
export async function list({ json = false }: { readonly json?: boolean }): Promise<void> {
  const losses = allLosses.map(({ lossName, definition }) => {
    const { family = "custom", aliases = [] } = definition;
    const { summary, pytorch = null } = describeLoss(definition);
    return { name: lossName, family, summary, pytorch, aliases };
  });
  if (json) return print(toJSON(losses));
  const families = [...new Set(losses.map((loss) => loss.family))];
  const width = Math.max(...losses.map(({ name }) => name.length));
  const blocks = families.map((family) => {
    const rows = losses.filter((loss) => loss.family === family);
    return `${family}\n${columns(
      rows.map(({ name, summary }) => [name.padEnd(width), summary]),
      "  ",
    )}`;
  });
  await print(`${blocks.join("\n\n")}\n\n${losses.length} losses. losses show <loss> tells more of one.\n`);
}
