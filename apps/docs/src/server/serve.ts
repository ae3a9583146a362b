import { createServer, type Server } from "node:http";
import { join } from "node:path";
import compression from "compression";
import sirv from "sirv";
import { appFolder } from "../generate/paths.js";
import { siteUrl } from "../site.js";
import { headersOf } from "./policy.js";

/** A running server and where it is. */
export interface Served {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves the built site under its policy, as a host would. Port 0 takes any that is free. */
export async function serve(port: number): Promise<Served> {
  const files = sirv(join(appFolder, "site/.vitepress/dist"), {
    extensions: ["html"],
    setHeaders: (response, path) => {
      for (const [name, value] of Object.entries(headersOf(path))) response.setHeader(name, value);
    },
  });
  const compress = compression();
  const base = siteUrl.pathname.replace(/\/$/, "");
  const server: Server = createServer((request, response) => {
    request.url = (request.url ?? "/").replace(base, "") || "/";
    const missing = (): void => {
      request.url = "/404.html";
      response.statusCode = 404;
      files(request, response);
    };
    compress(request as Parameters<typeof compress>[0], response as Parameters<typeof compress>[1], () =>
      files(request, response, missing),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, "127.0.0.1", resolve);
  });
  const bound = server.address();
  const at = typeof bound === "object" && bound !== null ? bound.port : port;
  return {
    address: `http://localhost:${at}${base}/`,
    close: () => new Promise((resolve) => void server.close(() => resolve())),
  };
}
