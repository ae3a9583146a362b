import { createReferenceBackend } from "@losses/conformance";
import { testBackend } from "@losses/conformance/vitest";
import { few } from "./fixtures.js";

const backend = createReferenceBackend();

await testBackend(
  {
    ...backend,
    id: "wrong",
    read: async (tensor) => {
      const { data, ...rest } = await backend.read(tensor);
      return { ...rest, data: Float64Array.from(data, (x) => -x) };
    },
  },
  { fixtures: few, dtypes: ["float32"] },
);
