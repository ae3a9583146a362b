import { defineConfig } from "vitest/config";

/** A project of somebody else: its tests are run by ../testBackend.test.ts, and some of them have to fail. */
export default defineConfig({ test: { include: ["*.stranger.ts"], reporters: ["json"] } });
