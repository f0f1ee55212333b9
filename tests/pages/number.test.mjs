// Real server, panel and phone: the person types the page's number into the phone, which signs.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizes, useBrowser } from "./browser.mjs";
import { look, openBrowser } from "./journey.mjs";
import { useStage } from "./stage.mjs";

const stage = useStage({ mode: "number", users: ["fleur", "gijs", "hanna", "ivo", "joris"] });
const browser = useBrowser();

/** Somebody who enrolled a moment ago; their phone. */
async function enrolled(user) {
  const { page, close } = await openBrowser(browser(), stage, sizes.phone);
  await stage.signIn(page, user);
  const phone = await stage.enrol(page, user);
  await close();
  return phone;
}

describe("a login by approval", { timeout: 300_000 }, () => {
  test("goes on by itself when the phone approved, on the phone's signature", async () => {
    const phone = await enrolled("fleur");
    const { page, close } = await openBrowser(browser(), stage, { ...sizes.desktop, colorScheme: "dark" });
    await stage.signIn(page, "fleur");
    await page.getByText("Getoond op uw telefoon").waitFor();
    await look(page, "verify-number");
    await stage.answer(page, phone);
    assert.equal(await stage.welcome(page), "device_signature");
    await close();
  });

  test("goes on without script by refreshing", async () => {
    const phone = await enrolled("gijs");
    const { page, close } = await openBrowser(browser(), stage, { ...sizes.phone, javaScriptEnabled: false });
    await stage.signIn(page, "gijs");
    await stage.answer(page, phone);
    await page.getByRole("button", { name: "Doorgaan" }).click();
    assert.equal(await stage.welcome(page), "device_signature");
    await close();
  });

  test("says that it was denied, and lets nobody in", async () => {
    const phone = await enrolled("hanna");
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "hanna");
    const { cid } = await phone.event("challenge", (event) => event.mode === "number");
    phone.tell({ do: "deny", cid, reason: "mistake" });
    await page.getByRole("heading", { name: "Geweigerd op uw telefoon" }).waitFor();
    await look(page, "verify-denied");
    await page.getByRole("button", { name: "Terug naar Klantpaneel" }).click();
    await page.waitForURL(`${stage.panel}/**`);
    assert.equal(await page.locator("[data-evidence]").count(), 0);
    await close();
  });

  test("locks the account when somebody says that this was not them", async () => {
    const phone = await enrolled("ivo");
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "ivo");
    const { cid } = await phone.event("challenge", (event) => event.mode === "number");
    phone.tell({ do: "deny", cid, reason: "not_me" });
    await page.getByRole("heading", { name: "Gemeld als misbruik" }).waitFor();
    await look(page, "verify-fraud");
    assert.equal((await page.reload()).status(), 423);
    await close();
  });

  test("belongs to the browser that began it", async () => {
    await enrolled("joris");
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    let address;
    page.on("request", (request) => {
      if (/\/p\/[\w-]{43}$/.test(request.url())) address = request.url();
    });
    await stage.signIn(page, "joris");
    const number = await page.locator(".number").textContent();

    const thief = await openBrowser(browser(), stage, sizes.phone);
    for (const stolen of [address, page.url()]) {
      const answer = await thief.page.goto(stolen);
      assert.equal(answer.status(), 403);
      await thief.page.getByRole("heading", { name: "Deze pagina hoort bij een andere browser" }).waitFor();
      assert.ok(!(await thief.page.content()).includes(number.slice(0, 3)));
    }
    await look(thief.page, "stolen");
    await thief.close();
    await close();
  });
});
