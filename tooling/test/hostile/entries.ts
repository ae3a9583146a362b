import type { Entry } from "./walk.js";

/**
 * What is known of each export of a package: how it is called, or that it is not. What makes an error is handed to the
 * language's own `Error`.
 */
export type Entries = Readonly<Record<string, Entry | "data" | "error">>;
