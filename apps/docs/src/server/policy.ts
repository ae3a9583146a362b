import { firstScriptHash } from "./firstScript.js";

/**
 * The content-security policy that the site works under: everything from its own origin, WebAssembly may be compiled, no code
 * from strings, no inline styles, and one inline script, named by its hash. A program that a user writes in the playground runs in
 * a worker made of a blob.
 */
export const contentSecurityPolicy: string = [
  "default-src 'none'",
  `script-src 'self' '${firstScriptHash}' 'wasm-unsafe-eval'`,
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self' data:",
  "worker-src 'self' blob:",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join("; ");

/** The headers that every response has. */
const headers: Readonly<Record<string, string>> = {
  "Content-Security-Policy": contentSecurityPolicy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "strict-origin-when-cross-origin",
};

/** Names of assets change with their contents, so they may be kept for ever. */
const forever = "public, max-age=31536000, immutable";

/** The headers of the response for a path of the site. */
export function headersOf(path: string): Readonly<Record<string, string>> {
  return { ...headers, "Cache-Control": path.startsWith("/assets/") ? forever : "no-cache" };
}

/** The same for hosts that read a file `_headers`. */
export function headersFile(): string {
  const lines = Object.entries(headers).map(([name, value]) => `  ${name}: ${value}\n`);
  return `/*\n${lines.join("")}/assets/*\n  Cache-Control: ${forever}\n`;
}
