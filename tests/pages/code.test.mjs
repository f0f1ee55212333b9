// Real server, panel and phone: the person types the phone's code on the page.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sizes, useBrowser } from "./browser.mjs";
import { look, openBrowser, typeDigits } from "./journey.mjs";
import { useStage } from "./stage.mjs";

const stage = useStage({ mode: "code", users: ["anna", "bram", "carla", "dirk", "esra"] });
const browser = useBrowser();

const wrong = (code) => code.replace(/./g, (digit) => (Number(digit) + 1) % 10);
const screen = (page, name) => page.locator(`[data-screen^=${name}]`).waitFor();

describe("a login by code", { timeout: 300_000 }, () => {
  test("from the first enrolment to the second login, by the keyboard alone", async () => {
    const { page, close } = await openBrowser(browser(), stage, sizes.desktop);
    await stage.signIn(page, "anna");
    await page.getByRole("heading", { name: "Wacht even … we moeten eerst uw account beveiligen" }).waitFor();
    await page.getByText("Liever typen? Gebruik de koppelcode").focus();
    await page.keyboard.press("Enter");
    const code = await page.locator(".koppelcode:visible").textContent();
    assert.match(code, /^[0-9A-Z]{4}-[0-9A-Z]{4}-[0-9A-Z]$/);
    await look(page, "enrol-waiting");

    const phone = stage.phone("anna", "pair", "--server", stage.host, "--user", "anna", "--code", code, "--stay");
    const { check_number } = await phone.event("check_number");
    await page.getByRole("heading", { name: "Is dit uw telefoon?" }).waitFor();
    await look(page, "enrol-pending");
    await typeDigits(page, wrong(check_number));
    await page.getByRole("alert").filter({ hasText: "nog 2 keer" }).waitFor();
    await typeDigits(page, check_number);

    await page.getByRole("heading", { name: "Bijna klaar: een proef" }).waitFor();
    const proof = await phone.event("challenge", (event) => event.mode === "code");
    await page.getByText("Getoond op uw telefoon").waitFor();
    await look(page, "enrol-test");
    await typeDigits(page, proof.code);
    await page.getByRole("heading", { name: "Klaar! Gefeliciteerd!" }).waitFor();
    await look(page, "enrol-done");
    await page.keyboard.press("Tab");
    await page.keyboard.press("Enter");
    assert.equal(await stage.welcome(page), "server");
    await close();

    const next = await openBrowser(browser(), stage, sizes.desktop);
    await stage.signIn(next.page, "anna");
    const challenge = await phone.event("challenge", (event) => event.mode === "code");
    await next.page.getByText("Getoond op uw telefoon").waitFor();
    assert.ok(!(await next.page.content()).match(/Linux|terminal/i), "the page names no device");
    await look(next.page, "verify-code");
    await typeDigits(next.page, challenge.code);
    assert.equal(await stage.welcome(next.page), "server");
    await next.close();
  });

  test("says how many tries are left after a wrong code, and keeps the focus", async () => {
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "bram");
    const phone = await stage.enrol(page, "bram");
    await close();

    const next = await openBrowser(browser(), stage, { ...sizes.phone, locale: "en-GB" });
    await stage.signIn(next.page, "bram");
    const { code } = await phone.event("challenge", (event) => event.mode === "code");
    await typeDigits(next.page, code.slice(0, 4));
    await next.page.getByRole("alert").filter({ hasText: "Fill in all 6 digits" }).waitFor();
    await typeDigits(next.page, wrong(code));
    await next.page.getByRole("alert").filter({ hasText: "4 more times" }).waitFor();
    await look(next.page, "verify-wrong-code");
    await typeDigits(next.page, code);
    assert.equal(await stage.welcome(next.page), "server");
    await next.close();
  });

  test("sends the code again after twenty seconds, and the one before no longer works", async () => {
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "carla");
    const phone = await stage.enrol(page, "carla");
    await close();

    const next = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(next.page, "carla");
    const first = await phone.event("challenge", (event) => event.mode === "code");
    const again = next.page.locator("button[data-wait]:not([aria-disabled])");
    await again.waitFor({ timeout: 30_000 });
    await again.click();
    await screen(next.page, "code-2");
    const second = await phone.event("challenge", (event) => event.cid === first.cid && event.seq === 2);
    if (first.code !== second.code) {
      await typeDigits(next.page, first.code);
      await next.page.getByRole("alert").waitFor();
    }
    await typeDigits(next.page, second.code);
    assert.equal(await stage.welcome(next.page), "server");
    await next.close();
  });

  test("goes without script", async () => {
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "dirk");
    const phone = await stage.enrol(page, "dirk");
    await close();

    const plain = await openBrowser(browser(), stage, { ...sizes.phone, javaScriptEnabled: false });
    await stage.signIn(plain.page, "dirk");
    const { code } = await phone.event("challenge", (event) => event.mode === "code");
    while (!(await plain.page.getByText("Getoond op uw telefoon").count())) {
      await plain.page.getByRole("link", { name: "Vernieuwen" }).click();
    }
    await plain.page.getByRole("textbox").fill(`${code.slice(0, 3)} ${code.slice(3)}`);
    await plain.page.getByRole("button", { name: "Doorgaan" }).click();
    const go = plain.page.locator("[data-screen=approved] button");
    if (await go.count()) await go.click();
    assert.equal(await stage.welcome(plain.page), "server");
    await plain.close();
  });

  test("leads back to the panel when the person gives up, and lets nobody in", async () => {
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "esra");
    await page.getByRole("button", { name: "Terug naar Klantpaneel" }).click();
    await page.waitForURL(`${stage.panel}/**`);
    assert.equal(await page.locator("[data-evidence]").count(), 0);
    await close();
  });
});
