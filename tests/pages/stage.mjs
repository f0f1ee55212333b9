// A real server, a real panel and real phones in a terminal, as processes on loopback with files of their own. Which panel it is,
// an object says: `returnPath` is where browsers come back, `serve` starts it, `welcome` waits until somebody is in.
import { execFileSync, spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, openSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before } from "node:test";
import { binary } from "./binaries.mjs";

const ORGANISATION = "De Linden";
export const PASSWORD = "a-linden-tree-in-may";
const PIN = "471108";

/** How long a process or a person's next step may take. */
const PATIENCE = 30_000;

/** The panel of this repository. */
const ownPanel = {
  returnPath: "/koppel/return",

  async serve(stage, users) {
    for (const user of users) {
      const add = ["user", "add", "--password-file", "-", "--users", stage.file("users.json"), user];
      execFileSync(binary("koppel-panel"), add, { input: PASSWORD });
    }
    const { host } = new URL(stage.panel);
    await stage.serve("koppel-panel", "--listen", host, "--public-url", stage.panel, "--server", stage.server,
      "--roll-out", "--mode", stage.mode, "--api-key-file", stage.file("panel.key"),
      "--directory-secret-file", stage.file("directory.secret"), "--users", stage.file("users.json"),
      "--state", stage.file("panel.json"));
  },

  /** What stands behind the login: `server` or `device_signature`. */
  welcome: (page) => page.locator("[data-evidence]").getAttribute("data-evidence"),
};

/**
 * Starts everything for the tests of one file. The panel asks in this mode: `code` or `number`. `methods` are those that count; with
 * more than one the set-up begins with a choice and wants a backup.
 */
export function useStage({ mode, users, panel = ownPanel, methods = "app" }) {
  const stage = new Stage(mode, panel, methods);
  before(() => stage.start(users), { timeout: 60_000 });
  after(() => stage.end());
  return stage;
}

class Stage {
  #children = [];
  #panel;
  #server;

  constructor(mode, panel, methods) {
    this.mode = mode;
    this.methods = methods;
    this.#panel = panel;
    this.folder = mkdtempSync(join(tmpdir(), "koppel-stage-"));
  }

  async start(users) {
    const [serverPort, panelPort] = await Promise.all([freePort(), freePort()]);
    this.host = `127.0.0.1:${serverPort}`;
    this.server = `http://${this.host}`;
    this.panel = `http://127.0.0.1:${panelPort}`;

    const made = this.command("init", "--organisation", ORGANISATION, "--public-url", this.server,
      "--directory-url", `${this.panel}/koppel/directory`);
    writeFileSync(join(this.folder, "directory.secret"), made.directory_secret);
    this.command("relying-party", "add", "Klantpaneel", "--organisation", ORGANISATION,
      "--return-url", `${this.panel}${this.#panel.returnPath}`, "--methods", this.methods);
    const { key } = this.command("key", "add", "--relying-party", "Klantpaneel", "--scope", "verify");
    this.key = key;
    writeFileSync(join(this.folder, "panel.key"), key);
    this.#server = await this.serve("koppel-server", "serve", "--database", this.file("koppel.sqlite"), "--listen", this.host);
    await this.#panel.serve(this, users);
  }

  /** One of the server's commands; what it answers. */
  command(...words) {
    const all = [...words, "--database", this.file("koppel.sqlite"), "--json"];
    return JSON.parse(execFileSync(binary("koppel-server"), all));
  }

  /** A phone with a folder of its own; `words` as behind `koppel`. It dies with the stage. */
  phone(name, ...words) {
    const folder = this.file(`phones/${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "pin.txt"), `${PIN}\n`);
    const options = ["--json", "--yes", "--locale", "en", "--secrets", "file", "--folder", join(folder, "phone")];
    const child = this.#spawn("koppel", [...options, "--pin-file", join(folder, "pin.txt"), ...words], "pipe");
    return new Phone(child);
  }

  /** Opens the panel and signs in with the password; the browser is then on the page of the second factor. */
  async signIn(page, user) {
    await page.goto(`${this.panel}/sign-in`);
    await page.locator("[name=login_name]").fill(user);
    await page.locator("[name=password]").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${this.server}/p/**`);
  }

  /** Waits for the panel's start page; what the panel says of the login. */
  async welcome(page) {
    await page.waitForURL(`${this.panel}/`, { timeout: PATIENCE });
    return this.#panel.welcome(page);
  }

  /** From the enrolment page to the panel: pairs by the koppelcode on the page, and answers the test. */
  async enrol(page, user) {
    const code = await page.locator(".koppelcode").textContent();
    const phone = this.phone(user, "pair", "--server", this.host, "--user", user, "--code", code, "--stay");
    const { check_number } = await phone.event("check_number");
    await page.locator("#check_number").fill(check_number);
    await page.keyboard.press("Enter");
    await this.answer(page, phone);
    await page.locator("[data-screen=done] button.first").click();
    await this.welcome(page);
    return phone;
  }

  /** Answers what the page asks with the phone. */
  async answer(page, phone) {
    const challenge = await phone.event("challenge", (event) => event.mode === this.mode);
    if (this.mode === "code") {
      await page.locator("#digits").fill(challenge.code);
      await page.keyboard.press("Enter");
    } else {
      const number = (await page.locator(".number").textContent()).trim();
      phone.tell({ do: "approve", cid: challenge.cid, number });
      await phone.event("outcome", (event) => event.cid === challenge.cid);
    }
    return challenge;
  }

  /** The server is gone: nobody answers at its address any more. */
  async killServer() {
    const gone = new Promise((done) => this.#server.once("exit", done));
    this.#server.kill("SIGKILL");
    await gone;
  }

  end() {
    for (const child of this.#children) child.kill("SIGKILL");
    rmSync(this.folder, { recursive: true, force: true });
  }

  /** What server and panel logged, for the message of a failure. */
  logs() {
    const logs = readdirSync(this.folder).filter((name) => name.endsWith(".log"));
    return logs.map((name) => `----- ${name}\n${readFileSync(this.file(name), "utf8")}`).join("\n");
  }

  file(name) {
    return join(this.folder, name);
  }

  /** Starts a program that is not ours and waits until it answers at the panel's address. It dies with the stage. */
  async servePanel(program, words, options) {
    const log = openSync(this.file("panel.log"), "a");
    const child = spawn(program, words, { ...options, stdio: ["ignore", log, log] });
    this.#children.push(child);
    const ended = new Promise((done) => child.once("exit", done).once("error", done));
    const until = Date.now() + PATIENCE;
    while (!(await answers(this.panel))) {
      const gone = await Promise.race([ended.then(() => true), pause(50)]);
      if (gone || Date.now() > until) throw new Error(`${program} did not come up:\n${readFileSync(this.file("panel.log"), "utf8")}`);
    }
  }

  #spawn(name, words, stdin) {
    const log = openSync(this.file(`${name}.log`), "a");
    const child = spawn(binary(name), words, { stdio: [stdin, "pipe", log] });
    this.#children.push(child);
    return child;
  }

  /** Starts one of our servers and waits for its first line. */
  async serve(name, ...words) {
    const child = this.#spawn(name, words, "ignore");
    const first = await Promise.race([
      new Promise((done) => createInterface(child.stdout).once("line", done)),
      new Promise((done) => child.once("exit", (code) => done(`it ended with ${code}`))),
    ]);
    if (!first.startsWith("listening on ")) throw new Error(`${name} did not come up: ${first}`);
    return child;
  }
}

/** `koppel --json`: events come as lines, commands go as lines. */
class Phone {
  #child;
  #events = [];
  #next = 0;
  #wake = () => {};

  constructor(child) {
    this.#child = child;
    createInterface(child.stdout).on("line", (line) => {
      this.#events.push(JSON.parse(line));
      this.#wake();
    });
    child.once("exit", () => {
      this.#events.push({ event: "exit" });
      this.#wake();
    });
  }

  /** The next event of this name that fits; an error or the end of the phone ends the wait. */
  async event(name, fits = () => true) {
    const until = Date.now() + PATIENCE;
    for (;;) {
      while (this.#next < this.#events.length) {
        const event = this.#events[this.#next++];
        if (event.event === name && fits(event)) return event;
        if (event.event === "error" || event.event === "exit") throw new Error(`no ${name}: ${this.#said()}`);
      }
      const left = until - Date.now();
      if (left <= 0) throw new Error(`no ${name} in time: ${this.#said()}`);
      await new Promise((done) => {
        const timer = setTimeout(done, left);
        this.#wake = () => {
          clearTimeout(timer);
          done();
        };
      });
    }
  }

  tell(command) {
    this.#child.stdin.write(`${JSON.stringify(command)}\n`);
  }

  /** The last of what it said, without codes. */
  #said() {
    return this.#events.slice(-8).map(({ event, state, code, mode, outcome }) =>
      [event, mode ?? code, state, outcome].filter(Boolean).join(" ")).join(", ");
  }
}

const pause = (ms) => new Promise((done) => setTimeout(done, ms));

const answers = (address) => fetch(address, { redirect: "manual" }).then(() => true, () => false);

function freePort() {
  return new Promise((done) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address();
      probe.close(() => done(port));
    });
  });
}
