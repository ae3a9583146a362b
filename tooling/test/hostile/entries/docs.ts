import type { Entries } from "../entries.js";
import { definitionTakes } from "./core.js";
import { definition } from "./samples.js";

export const entries: Entries = {
  describeLoss: {
    args: () => [definition()],
    takes: definitionTakes,
    open: ["0.inputs.*", "0.inputs.*.forms.*", "0.inputs.*.forms.*.holds", "0.options.*"],
    calls: true,
  },
  lossDocs: "data",
};
