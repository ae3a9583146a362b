import { createServer, type Server } from "node:http";
import { join } from "node:path";
import sirv from "sirv";
import { appFolder } from "../generate/paths.js";
import { siteUrl } from "../site.js";
import { headers } from "./policy.js";

/** A running server and where it is. */
export interface Served {
  readonly address: string;
  close(): Promise<void>;
}

/** Serves the built site under its policy, as a host would. Port 0 takes any that is free. */
export async function serve(port: number): Promise<Served> {
  const files = sirv(join(appFolder, "site/.vitepress/dist"), {
    extensions: ["html"],
    gzip: false,
    setHeaders: (response) => {
      for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
    },
  });
  const base = siteUrl.pathname.replace(/\/$/, "");
  const server: Server = createServer((request, response) => {
    request.url = (request.url ?? "/").replace(base, "") || "/";
    files(request, response, () => {
      request.url = "/404.html";
      response.statusCode = 404;
      files(request, response);
    });
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
