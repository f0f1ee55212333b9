// What the script does with the state of a login, told by a server that is played here.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { goto, sizes, useBrowser } from "./browser.mjs";
import { fragment, path, renderGallery, useGallery } from "./gallery.mjs";

const gallery = renderGallery();
const stage = useGallery(gallery);
const browser = useBrowser();

async function open(name, options = {}) {
  const context = await browser().newContext({ ...sizes.phone, ...options });
  const page = await context.newPage();
  stage.page = gallery.html("nl", name);
  await goto(page, stage.origin + path);
  return page;
}

/** From now on time passes only when the test says so. */
async function freeze(page) {
  const now = new Date("2026-11-24T12:00:00Z");
  await page.clock.install({ time: now });
  await page.clock.pauseAt(new Date(now.getTime() + 1000));
}

const shown = { version: 8, screen: "code-1", state: "shown", line: "Getoond op uw telefoon", hint: "Neem de code over." };

describe("a live page", () => {
  beforeEach(() => stage.reset());

  test("says in words how far the code has come, and moves nothing", async () => {
    const page = await open("verify-code-sent");
    const height = () => page.evaluate(() => document.querySelector("main").offsetHeight);
    const before = await height();
    stage.push({ ...shown, version: 8, state: "arrived", line: "Aangekomen op uw telefoon", hint: "Open de melding." });
    await page.getByText("Aangekomen op uw telefoon").waitFor();
    assert.equal(await height(), before);
    stage.push({ ...shown, version: 9 });
    await page.getByText("Getoond op uw telefoon").waitFor();
    assert.equal(await height(), before);
    assert.equal(await page.locator("[aria-live=polite]").first().getByText("Getoond op uw telefoon").count(), 1);
    assert.equal(stage.gets, 1, "the same screen is not loaded again");
    await page.context().close();
  });

  test("loads itself again when it should be another screen", async () => {
    const page = await open("verify-code-sent");
    stage.page = gallery.html("nl", "verify-ended-denied");
    stage.push({ version: 8, screen: "ended-denied", state: "ended", line: "Beëindigd", hint: "" });
    await page.getByRole("heading", { name: "Geweigerd op uw telefoon" }).waitFor();
    await page.context().close();
  });

  test("does not post a form again when it loads itself", async () => {
    const page = await open("verify-code-shown");
    stage.answer = gallery.html("nl", "verify-code-wrong");
    await page.keyboard.type("111111");
    await page.keyboard.press("Enter");
    await page.getByRole("alert").waitFor();
    stage.page = gallery.html("nl", "verify-ended-code");
    stage.push({ version: 8, screen: "ended-code", state: "ended", line: "", hint: "" });
    await page.getByRole("heading", { name: "De tijd is om" }).waitFor();
    assert.equal(stage.posts.length, 1);
    assert.equal(page.url(), stage.origin + path);
    await page.context().close();
  });

  test("does not call back a form that is on its way", { timeout: 20_000 }, async (context) => {
    const page = await open("verify-code-sent");
    const until = async (holds) => {
      while (!holds()) {
        context.signal.throwIfAborted();
        await new Promise((done) => setTimeout(done, 20));
      }
    };
    await until(() => stage.polls() > 0);
    let release;
    stage.hold = new Promise((done) => (release = done));
    const sent = page.getByRole("button", { name: "Terug naar Voorbeeld Telecom" }).click({ noWaitAfter: true });
    // A page that asks on would see the login end, and load itself again instead of following the form.
    await until(() => stage.posts.length > 0 && stage.polls() === 0);
    stage.push({ version: 8, screen: "ended-cancelled", state: "ended", line: "", hint: "" });
    release();
    await sent;
    await page.waitForURL("**/finish");
    assert.equal(stage.gets, 1);
    await page.context().close();
  });

  test("goes on by itself once the phone approved", async () => {
    const page = await open("verify-number-shown");
    stage.push({ version: 8, screen: "approved", state: "approved", line: "Goedgekeurd", hint: "" });
    await page.waitForURL("**/finish");
    assert.deepEqual(stage.posts, [{ to: "/finish", form: { form_token: "Zm9ybXVsaWVydG9rZW4" } }]);
    await page.context().close();
  });

  test("goes on by itself when it is opened after the approval", async () => {
    const page = await open("verify-approved");
    await page.waitForURL("**/finish");
    assert.equal(stage.posts[0].form.leave, undefined);
    await page.context().close();
  });

  test("says that the server is away, and goes on when it is back", async () => {
    stage.away = true;
    const page = await open("verify-code-sent");
    await page.getByText("Geen verbinding met de server").waitFor();
    stage.away = false;
    stage.push(shown);
    await page.getByText("Getoond op uw telefoon").waitFor();
    assert.equal(await page.getByText("Geen verbinding").count(), 0);
    await page.context().close();
  });

  test("counts down, says so at 60, 30 and 10 seconds, and asks again at the end", async () => {
    const context = await browser().newContext(sizes.phone);
    const page = await context.newPage();
    await freeze(page);
    stage.page = gallery.html("nl", "verify-code-shown");
    await page.goto(stage.origin + path);
    const spoken = page.locator(".ring [role=status]");
    const seconds = page.locator(".ring > [aria-hidden]").last();
    assert.equal(await seconds.textContent(), "97");
    assert.equal(await spoken.textContent(), "");
    for (const [step, left] of [[37, 60], [30, 30], [20, 10]]) {
      await page.clock.runFor(step * 1000);
      assert.equal(await seconds.textContent(), String(left));
      assert.equal(await spoken.textContent(), `Nog ${left} seconden`);
    }
    stage.page = gallery.html("nl", "verify-ended-code");
    stage.state = { version: 7, screen: "ended-code", state: "ended", line: "", hint: "" };
    await page.clock.runFor(11_000);
    await page.getByRole("heading", { name: "De tijd is om" }).waitFor();
    await context.close();
  });

  test("holds the resend button back until the server takes it", async () => {
    const context = await browser().newContext(sizes.phone);
    const page = await context.newPage();
    await freeze(page);
    stage.page = gallery.html("nl", "verify-code-sent");
    await page.goto(stage.origin + path);
    const button = page.getByRole("button", { name: /Code nogmaals versturen/ });
    assert.match(await button.textContent(), /over 20 s/);
    await button.focus();
    await page.keyboard.press("Enter");
    assert.equal(stage.posts.length, 0);
    await page.clock.runFor(20_500);
    assert.equal(await button.getAttribute("aria-disabled"), null);
    await button.press("Enter");
    await page.waitForURL("**/deliver");
    assert.equal(stage.posts[0].to, "/deliver");
    await context.close();
  });

  test("leads back to the relying party when the person gives up", async () => {
    const page = await open("verify-code-sent");
    await page.getByRole("button", { name: "Terug naar Voorbeeld Telecom" }).click();
    await page.waitForURL("**/finish");
    assert.equal(stage.posts[0].form.leave, "cancel");
    await page.context().close();
  });

  test("refreshes itself without script while the number is shown", async () => {
    const page = await open("verify-number-sent", { javaScriptEnabled: false });
    stage.page = gallery.html("nl", "verify-approved");
    await page.getByRole("heading", { name: "U bent geverifieerd" }).waitFor();
    await page.getByRole("button", { name: "Doorgaan" }).click();
    assert.equal(stage.posts[0].to, "/finish");
    await page.context().close();
  });
});

describe("the page behind a pairing link", () => {
  beforeEach(() => stage.reset());

  test("hands the whole link to the app, and sends the secret nowhere", async () => {
    const context = await browser().newContext(sizes.phone);
    const page = await context.newPage();
    const asked = [];
    page.on("request", (request) => asked.push(request.url()));
    const address = `${stage.origin}/nl/link.html${fragment}`;
    await page.goto(address);
    const open = page.getByRole("link", { name: "Openen in de app" });
    assert.equal(await open.getAttribute("href"), `koppel:${address}`);
    await page.getByText("Lukt openen niet?").click();
    assert.equal(await page.getByRole("textbox", { name: "Koppellink" }).inputValue(), address);
    assert.ok(asked.every((url) => !url.includes("EjRWeJCrze8SNFZ4kKvN7w") || url === address), asked.join());
    await context.close();
  });

  test("copies the link", async () => {
    const context = await browser().newContext({ ...sizes.phone, permissions: ["clipboard-read", "clipboard-write"] });
    const page = await context.newPage();
    const address = `${stage.origin}/nl/link.html${fragment}`;
    await page.goto(address);
    await page.getByText("Lukt openen niet?").click();
    await page.getByRole("button", { name: "Kopiëren" }).click();
    await page.getByRole("button", { name: "Gekopieerd" }).waitFor();
    assert.equal(await page.evaluate(() => navigator.clipboard.readText()), address);
    await context.close();
  });

  test("says so when the link is not whole", async () => {
    const context = await browser().newContext(sizes.phone);
    const page = await context.newPage();
    for (const broken of ["", "#v=1&s=abc", fragment.replace("&k=", "&k="+"<b>"), "#v=1&s=a&t=b&k="]) {
      await page.goto("about:blank");
      await page.goto(`${stage.origin}/nl/link.html${broken}`);
      await page.getByRole("heading", { name: "Deze link is niet compleet" }).waitFor();
      assert.equal(await page.getByRole("link", { name: "Openen in de app" }).count(), 0, broken);
    }
    await context.close();
  });
});
