// A login with Koppel as its second factor: PORT=8000 node login.mjs
// KOPPEL_URL: your Koppel server · KOPPEL_KEY: a key with scope `verify` · APP_URL: this address; APP_URL/2fa is a registered return URL
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import express from "express";
import session from "express-session";

const { KOPPEL_URL, KOPPEL_KEY, APP_URL, PASSWORD, PORT } = process.env;
const USERS = new Map([["jansen", "4711"]]); // Your own users, each with an id that never changes. Koppel is told that id, never what was typed.
const app = express();
app.use(express.urlencoded({ extended: false }));
// Lax, not Strict: the browser comes back from another site, and is to bring its session along.
const cookie = { httpOnly: true, sameSite: "lax", secure: APP_URL.startsWith("https:") };
app.use(session({ secret: randomBytes(32).toString("hex"), resave: false, saveUninitialized: false, cookie }));

const page = (answer, text, status = 200) =>
  answer.status(status).send(`<!doctype html><html lang=en><title>Example</title><main><h1>Example</h1><p>${text}</p></main></html>`);
const escaped = (text) => text.replace(/[&<>"']/g, (letter) => `&#${letter.codePointAt(0)};`);
const sha256 = (data) => createHash("sha256").update(data);
const same = (sent, ours) => typeof sent === "string" && typeof ours === "string" && timingSafeEqual(sha256(sent).digest(), sha256(ours).digest());
const renewed = (request, fields) => new Promise((done, failed) =>
  request.session.regenerate((error) => (error ? failed(error) : done(Object.assign(request.session, fields)))));

/** Asks Koppel. Null unless it answered with exactly this status: whatever else happens, nobody gets in. */
async function koppel(path, expected, once, body) {
  const headers = { authorization: `Bearer ${KOPPEL_KEY}`, "content-type": "application/json", "idempotency-key": once };
  try {
    const answer = await fetch(KOPPEL_URL + path, { method: "POST", headers, body: JSON.stringify(body), redirect: "manual", signal: AbortSignal.timeout(10_000) });
    return answer.status === expected ? await answer.json() : null;
  } catch { return null; }
}

app.get("/", (request, answer) => page(answer, `${escaped(request.session.user ?? "Nobody")} is in. <a href="/sign-in">Sign in</a>`));
app.get("/sign-in", (request, answer) => {
  request.session.form ??= randomBytes(16).toString("base64url");
  page(answer, `<form method=post><input type=hidden name=form value="${request.session.form}"><input name=login_name aria-label=Name required>
    <input name=password type=password aria-label=Password required> <button>Sign in</button></form>`);
});
app.post("/sign-in", async (request, answer) => {
  const { form, login_name: name, password } = request.body ?? {}; // Your own check of the password stands here.
  if (!same(form, request.session.form) || !same(password, PASSWORD) || !USERS.has(name)) return page(answer, 'Wrong name or password. <a href="/sign-in">Again</a>', 403);
  // Of v only the hash leaves this session, so that no other browser can finish this login.
  const [v, state] = [randomBytes(32), randomBytes(16).toString("base64url")];
  const opened = await koppel("/v1/prompts", 201, randomBytes(16).toString("base64url"), {
    user: { external_id: USERS.get(name), login_name: name }, purpose: "login", binding: sha256(v).digest("base64url"), first_factor_at: Math.floor(Date.now() / 1000),
    browser: { ip: request.ip, user_agent: request.get("user-agent") ?? "" }, return_url: `${APP_URL}/2fa`, state });
  if (!opened) return page(answer, "We cannot check your second factor now. Please try again later.", 503);
  await renewed(request, { waiting: { user: USERS.get(name), name, v: v.toString("base64url"), state, prompt: opened.prompt } });
  answer.redirect(303, opened.url);
});
app.get("/2fa", async (request, answer) => {
  const [{ waiting = {} }, { state, prompt, iss, code = "" }] = [request.session, request.query];
  if (!same(state, waiting.state) || !same(prompt, waiting.prompt) || !same(iss, KOPPEL_URL)) return page(answer, 'This does not belong to your browser. <a href="/sign-in">Sign in</a>', 403);
  const verified = await koppel(`/v1/prompts/${prompt}/result`, 200, sha256(String(code)).digest("hex"), { code: String(code), v: waiting.v });
  await renewed(request, {});
  if (verified?.verified !== true || verified.user !== waiting.user || verified.purpose !== "login") return page(answer, 'You are not in. <a href="/sign-in">Again</a>', 403);
  request.session.user = waiting.name;
  answer.redirect(303, "/");
});
app.listen(Number(PORT ?? 8000), "127.0.0.1", () => console.log(`listening on ${APP_URL}`));
