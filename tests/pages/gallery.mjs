// Every state of every page as the server renders it, served with the server's own policy.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before } from "node:test";
import { binary } from "./binaries.mjs";

const types = { html: "text/html; charset=utf-8", css: "text/css", js: "text/javascript", svg: "image/svg+xml", png: "image/png" };

/** The fragment of a whole pairing link. */
export const fragment =
  "#v=1&s=9sQq1xJw3mZ0b4cYt7uVfK2hLr8nPdE6gAoWiTjXyBk&t=q83vASNFZ4mrze8BI0VniQ&k=EjRWeJCrze8SNFZ4kKvN7w";

/** The address that all bound sample pages have. */
export const path = "/p/pr_ab3kq7xw5ndm2z6tfh4yv7jc4e";

/** Renders the gallery into a folder of its own; call it at the top of a module, for the names of the pages. */
export function renderGallery() {
  const folder = mkdtempSync(join(tmpdir(), "koppel-pages-"));
  execFileSync(binary("examples/page_gallery"), [folder]);
  process.on("exit", () => rmSync(folder, { recursive: true, force: true }));
  const index = JSON.parse(readFileSync(join(folder, "index.json")));
  return { folder, ...index, html: (language, name) => readFileSync(join(folder, language, `${name}.html`), "utf8") };
}

/**
 * Serves the gallery on a port of its own while the tests of one file run.
 *
 * `/nl/<name>.html` is a page; with `?still` it does not go on by itself. Under `path` the server plays a bound prompt: `stage.page` is the HTML that a GET
 * gets, `stage.state` answers the long poll (it waits when there is nothing new), and `stage.posts` collects what
 * the forms send; `stage.hold` is a promise that their answers wait for.
 */
export function useGallery(gallery) {
  const stage = { page: "", state: undefined, posts: [], gets: 0, answer: undefined };
  const waiting = new Set();
  stage.push = (state) => {
    stage.state = state;
    for (const look of waiting) look();
  };
  stage.polls = () => waiting.size;
  stage.reset = () => {
    Object.assign(stage, { page: "", state: undefined, posts: [], gets: 0, answer: undefined, away: false, hold: undefined });
  };
  const server = createServer((request, response) => {
    const url = new URL(request.url, "http://x");
    const reply = (status, type, body) =>
      response.writeHead(status, { "content-type": type, "content-security-policy": gallery.policy }).end(body);
    if (url.pathname === `${path}/state`) {
      if (stage.away) return reply(503, "application/problem+json", "{}");
      const look = () => {
        if (!stage.state || String(stage.state.version) === url.searchParams.get("after")) return;
        waiting.delete(look);
        reply(200, "application/json", JSON.stringify(stage.state));
      };
      waiting.add(look);
      request.on("close", () => waiting.delete(look));
      return look();
    }
    if (request.method === "POST") {
      let body = "";
      request.on("data", (part) => (body += part));
      return request.on("end", async () => {
        const form = Object.fromEntries(new URLSearchParams(body));
        stage.posts.push({ to: url.pathname.slice(path.length), form });
        await stage.hold;
        reply(stage.answer ? 422 : 200, types.html, stage.answer ?? "<!doctype html><title>posted</title>");
      });
    }
    if (url.pathname === path) {
      stage.gets += 1;
      return reply(200, types.html, stage.page);
    }
    try {
      const name = url.pathname.slice(1);
      let body = readFileSync(join(gallery.folder, name));
      if (url.search === "?still") body = body.toString().replace(' data-when="approved"', "");
      return reply(200, types[name.split(".").pop()], body);
    } catch {
      return reply(404, "text/plain", "no such file");
    }
  });
  before(async () => {
    await new Promise((done) => server.listen(0, "127.0.0.1", done));
    stage.origin = `http://127.0.0.1:${server.address().port}`;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return stage;
}
