// The provider's manual, line by line, in a real browser with a real server, panel and phone.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { sizes, useBrowser } from "./browser.mjs";
import { look, openBrowser, typeDigits } from "./journey.mjs";
import { PASSWORD, useStage } from "./stage.mjs";

const users = ["an", "bo", "cas", "dirk", "eva", "fay", "gus", "hans", "ida", "jan", "kim", "leo"];
const stage = useStage({ mode: "code", users, methods: "app,totp,recovery" });
const browser = useBrowser();

/** What an authenticator shows at a time (RFC 6238), by another hand than the server's. */
function authenticator(key, at = Date.now()) {
  const bits = [...key.replaceAll(" ", "")].map((c) => "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".indexOf(c).toString(2).padStart(5, "0"));
  const seed = Buffer.from(bits.join("").match(/.{8}/g).map((byte) => parseInt(byte, 2)));
  const step = Buffer.alloc(8);
  step.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac("sha1", seed).update(step).digest();
  const code = mac.readUInt32BE(mac[19] & 15) & 0x7fffffff;
  return String(code % 1_000_000).padStart(6, "0");
}

const texts = {
  nl: {
    locale: "nl-NL", safer: "Maak uw account veiliger", later: "Later", until: "wachten tot 01-03-2099",
    secure: "Wacht even … we moeten eerst uw account beveiligen", what: "tweestapsverificatie",
    call: "Oproep naar uw mobiele nummer", off: "Nog niet beschikbaar", app: "Koppel-app toevoegen", totp: "Authenticator toevoegen",
    codes: "Herstelcodes toevoegen", show: "Codes tonen", tick: "Ik heb deze codes bewaard", go: "Doorgaan",
    type: "Liever typen? Gebruik de koppelcode", key: "Lukt scannen niet? Typ de sleutel over", backup: "Voeg ook een reserve toe",
    done: "Klaar! Gefeliciteerd!", back: "Doorgaan naar Klantpaneel", verify: "Wacht even … we moeten uw identiteit verifiëren",
    intro: "Voer de verificatiecode in die u heeft ontvangen in uw app.", resend: "Code nogmaals versturen",
    other: "Een andere methode gebruiken", otherTotp: "Code uit de authenticator",
    desk: {
      welcome: "Kies uw wachtwoord", password: "Nieuw wachtwoord", again: "Nog een keer hetzelfde wachtwoord", in: "Doorgaan naar Koppel Servicedesk",
      find: "Wie belt er?", who: "Gebruikersnaam of klantnummer", reason: "Reden", ticket: "Ticketnummer", open: "Klant openen",
      works: "Er is geen blokkade.", resetOpen: "Alles weghalen", reset: "Ja, alles weghalen", gone: "Alles is weggehaald",
      give: "Koppelcode geven", spelled: "De koppelcode, letter voor letter", waits: "Een telefoon wacht op u", number: "Controlegetal",
      confirm: "Telefoon koppelen", confirmed: "De telefoon is gekoppeld.", audit: "Alle gebeurtenissen", sound: /alle onveranderd en compleet/,
      back: "Terug naar het gesprek", close: "Gesprek afsluiten", leave: "Afmelden", title: "Servicedesk",
    },
  },
  en: {
    locale: "en-GB", safer: "Make your account safer", later: "Later", until: "until 01 Mar 2099",
    secure: "One moment … we need to secure your account first", what: "two-step verification",
    call: "Call to your mobile number", off: "Not available", app: "Add Koppel app", totp: "Add Authenticator",
    codes: "Add Recovery codes", show: "Show the codes", tick: "I have kept these codes", go: "Continue",
    type: "Rather type? Use the koppelcode", key: "Cannot scan? Type the key", backup: "Add a backup too",
    done: "Done! Congratulations!", back: "Continue to Klantpaneel", verify: "One moment … we need to verify your identity",
    intro: "Enter the verification code that you received in your app.", resend: "Send the code again",
    other: "Use another method", otherTotp: "Code from the authenticator",
    desk: {
      welcome: "Choose your password", password: "New password", again: "The same password once more", in: "Continue to Koppel Servicedesk",
      find: "Who is calling?", who: "User name or customer number", reason: "Reason", ticket: "Ticket number", open: "Open customer",
      works: "Nothing is blocked.", resetOpen: "Take everything away", reset: "Yes, take everything away",
      gone: "Everything was taken away", give: "Give a koppelcode", spelled: "The koppelcode, letter by letter", waits: "A phone is waiting for you",
      number: "Check number", confirm: "Pair this phone", confirmed: "The phone is paired.", audit: "Everything that happened",
      sound: /all unchanged and complete/, back: "Back to the call", close: "Close the call", leave: "Sign out", title: "Support desk",
    },
  },
};

/** Sets up an authenticator on the page that shows the cards; its key. */
async function addAuthenticator(page, t, name) {
  await page.getByRole("button", { name: t.totp }).click();
  await page.locator("[data-screen=authenticator]").waitFor();
  await page.getByText(t.key).click();
  const key = await page.locator("textarea").inputValue();
  await look(page, `${name}-authenticator`);
  await page.locator("#digits").fill(authenticator(key));
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: t.backup }).waitFor();
  return key;
}

/** Keeps recovery codes; they. */
async function addCodes(page, t, name) {
  await page.getByRole("button", { name: t.codes }).click();
  await page.getByRole("button", { name: t.show }).click();
  const codes = await page.locator(".codes code").allTextContents();
  assert.equal(codes.length, 10);
  await look(page, `${name}-codes`);
  await page.getByRole("button", { name: t.go }).click();
  assert.equal(await page.locator(".codes code").count(), 10, "without the tick they stay");
  await page.getByLabel(t.tick).check();
  await page.getByRole("button", { name: t.go }).click();
  await page.getByRole("heading", { name: t.done }).waitFor();
  await look(page, `${name}-done`);
  return codes;
}

async function finish(page, t) {
  await page.getByRole("button", { name: t.back }).click();
  return stage.welcome(page);
}

describe("the manual", { timeout: 300_000 }, () => {
  for (const [language, size, user] of [["nl", "desktop", "an"], ["en", "phone", "bo"]]) {
    const t = texts[language];
    const name = `manual-${language}-${size}`;
    test(`manual-02, 03, 05, 08, 09: a new user chooses, adds an authenticator and a backup, and is in (${language}, ${size})`, async () => {
      const { page, close } = await openBrowser(browser(), stage, { ...sizes[size], locale: t.locale });
      await stage.signIn(page, user);
      await page.getByRole("heading", { name: t.secure }).waitFor();
      await page.getByText(t.what).waitFor();
      const call = page.locator(".card", { hasText: t.call });
      assert.match(await call.textContent(), new RegExp(t.off), "line 8: no voice road is set up");
      assert.equal(await call.getByRole("button").count(), 0);
      await look(page, `${name}-choose`);
      await addAuthenticator(page, t, name);
      await look(page, `${name}-backup`);
      await addCodes(page, t, name);
      assert.equal(await finish(page, t), "server");
      await close();
    });
  }

  for (const [language, size, user] of [["nl", "phone", "jan"], ["en", "desktop", "kim"]]) {
    const t = texts[language];
    test(`manual-02: while it is rolled out "later" leads on, and on the day it does not (${language}, ${size})`, async () => {
      const rule = (...rule) => stage.command("relying-party", "set", "Klantpaneel", "--enforcement", ...rule);
      const { page, close } = await openBrowser(browser(), stage, { ...sizes[size], locale: t.locale });
      try {
        rule("optional");
        await stage.signIn(page, user);
        await page.getByRole("heading", { name: t.safer }).waitFor();
        await look(page, `manual-later-${language}-${size}`);
        await page.getByRole("button", { name: t.later, exact: true }).click();
        assert.equal(await stage.welcome(page), "none");
        await look(page, `manual-later-${language}-${size}-welcome`);

        rule("2099-03-01");
        await page.context().clearCookies();
        await stage.signIn(page, user);
        await page.getByText(t.until).waitFor();
        await look(page, `manual-until-${language}-${size}`);
        rule("2020-03-01");
        await page.getByRole("button", { name: t.later, exact: true }).click();
        await page.getByRole("heading", { name: t.secure }).waitFor();
        assert.equal(await page.getByRole("button", { name: t.later, exact: true }).count(), 0, "the day has come");

        const report = stage.command("relying-party", "progress", "Klantpaneel");
        assert.ok(report.total.put_off >= 1, JSON.stringify(report));
      } finally {
        rule("required");
        await close();
      }
    });
  }

  test("manual-04, 07: the app is paired by a koppelcode, and the code that arrives completes it", async () => {
    const t = texts.nl;
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "cas");
    await page.getByRole("button", { name: t.app }).click();
    await page.getByText(t.type).click();
    const code = await page.locator(".koppelcode").textContent();
    await look(page, "manual-app");
    const phone = stage.phone("cas", "pair", "--server", stage.host, "--user", "cas", "--code", code, "--stay");
    const { check_number } = await phone.event("check_number");
    await page.getByRole("heading", { name: "Is dit uw telefoon?" }).waitFor();
    await typeDigits(page, check_number);
    const proof = await phone.event("challenge", (event) => event.mode === "code");
    await page.getByRole("heading", { name: "Bijna klaar: een proef" }).waitFor();
    await typeDigits(page, proof.code);
    await page.getByRole("heading", { name: t.backup }).waitFor();
    await addCodes(page, t, "manual-app");
    assert.equal(await finish(page, t), "server");
    await close();

    const next = await openBrowser(browser(), stage, sizes.desktop);
    await stage.signIn(next.page, "cas");
    await next.page.getByRole("heading", { name: t.verify }).waitFor();
    await next.page.getByText(t.intro).waitFor();
    await next.page.getByRole("button", { name: t.resend }).waitFor();
    await next.page.getByText(t.other).waitFor();
    assert.equal(await next.page.locator(".boxes i").count(), 6, "line 6: one field a digit");
    const { code: typed } = await phone.event("challenge", (event) => event.mode === "code");
    await typeDigits(next.page, typed);
    assert.equal(await stage.welcome(next.page), "server");
    await next.close();
  });

  test("manual-06: a remembered browser is not asked again", async () => {
    const days = (days) => stage.command("relying-party", "set", "Klantpaneel", "--remember-days", String(days));
    days(14);
    const { page, close } = await openBrowser(browser(), stage, { ...sizes.phone, locale: "nl-NL" });
    try {
      await stage.signIn(page, "leo");
      const key = await addAuthenticator(page, texts.nl, "manual-remember");
      await addCodes(page, texts.nl, "manual-remember");
      assert.equal(await finish(page, texts.nl), "server");

      await page.getByRole("button", { name: "Uitloggen" }).click();
      await stage.signIn(page, "leo");
      await page.getByLabel("Vraag hier 14 dagen niet om een code").check();
      await look(page, "manual-remember");
      await page.locator("#digits").fill(authenticator(key, Date.now() + 30_000));
      await page.keyboard.press("Enter");
      assert.equal(await stage.welcome(page), "server");

      await page.getByRole("button", { name: "Uitloggen" }).click();
      await page.goto(`${stage.panel}/sign-in`);
      await page.locator("[name=login_name]").fill("leo");
      await page.locator("[name=password]").fill(PASSWORD);
      await page.keyboard.press("Enter");
      assert.equal(await stage.welcome(page), "server", "straight back");
      assert.equal(await page.locator("[data-method]").getAttribute("data-method"), "remembered_browser");
    } finally {
      days(0);
      await close();
    }
  });

  test("manual-01, 06: every later login asks for a code, by the first method or another", async () => {
    const t = texts.nl;
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "dirk");
    const key = await addAuthenticator(page, t, "manual-later");
    const codes = await addCodes(page, t, "manual-later");
    await finish(page, t);
    await close();

    const next = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(next.page, "dirk");
    await next.page.getByRole("heading", { name: t.verify }).waitFor();
    await look(next.page, "manual-verify-authenticator");
    await typeDigits(next.page, "000000");
    await next.page.getByRole("alert").waitFor();
    await next.page.getByText(t.other).click();
    await look(next.page, "manual-verify-other");
    await next.page.locator("#digits").focus();
    // The code of the set-up counts no more: the next step's does.
    await typeDigits(next.page, authenticator(key, Date.now() + 30_000));
    assert.equal(await stage.welcome(next.page), "server");
    await next.close();

    const lost = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(lost.page, "dirk");
    await lost.page.getByText(t.other).click();
    await lost.page.getByRole("button", { name: "Herstelcode" }).click();
    await lost.page.getByRole("textbox", { name: "Herstelcode" }).fill(codes[6].toLowerCase());
    await look(lost.page, "manual-verify-recovery");
    await lost.page.keyboard.press("Enter");
    await lost.page.getByRole("heading", { name: "Stel opnieuw iets in" }).waitFor();
    await look(lost.page, "manual-anew");
    await lost.close();
  });

  test("manual-10: in the settings a method is added, made the first and removed", async () => {
    const t = texts.nl;
    const { page, close } = await openBrowser(browser(), stage, sizes.phone);
    await stage.signIn(page, "gus");
    const key = await addAuthenticator(page, t, "manual-settings");
    await addCodes(page, t, "manual-settings");
    await finish(page, t);

    await page.goto(`${stage.panel}/security`);
    await page.locator("[name=password]").fill(PASSWORD);
    await page.keyboard.press("Enter");
    await page.waitForURL(`${stage.server}/p/**`);
    await page.getByRole("heading", { name: t.verify }).waitFor();
    await typeDigits(page, authenticator(key, Date.now() + 30_000));
    await page.getByRole("heading", { name: "2FA instellingen" }).waitFor();
    await look(page, "manual-settings");
    const own = page.locator(".card", { hasText: "Authenticator" }).first();
    assert.match(await own.textContent(), /eerste keuze/);
    assert.match(await own.textContent(), /Voeg eerst iets anders toe/, "the last method stays");

    await page.getByRole("button", { name: "Een telefoon toevoegen" }).click();
    await page.getByText(t.type).click();
    const code = await page.locator(".koppelcode").textContent();
    const phone = stage.phone("gus", "pair", "--server", stage.host, "--user", "gus", "--code", code, "--stay");
    const { check_number } = await phone.event("check_number");
    await typeDigits(page, check_number);
    await page.getByRole("heading", { name: "2FA instellingen" }).waitFor();
    const app = page.locator(".card", { hasText: "Koppel-app" }).first();
    assert.match(await app.textContent(), /eerste keuze/, "the app becomes the first by itself");
    await look(page, "manual-settings-phone");

    await own.getByRole("button", { name: "Voortaan als eerste vragen" }).click();
    await page.locator(".card", { hasText: "Authenticator" }).filter({ hasText: "eerste keuze" }).waitFor();
    await app.getByRole("button", { name: "Voortaan als eerste vragen" }).click();
    await page.locator(".card", { hasText: "Koppel-app" }).filter({ hasText: "eerste keuze" }).waitFor();
    await own.getByText("Verwijderen", { exact: true }).click();
    await own.getByRole("button", { name: "Ja, verwijderen" }).click();
    await page.locator(".card", { hasText: "Authenticator" }).getByRole("button", { name: "Authenticator toevoegen" }).waitFor();
    await page.getByRole("button", { name: "Terug naar Klantpaneel" }).click();
    await page.waitForURL(`${stage.panel}/**`);
    await close();
  });

  for (const [language, size, user] of [["nl", "desktop", "hans"], ["en", "phone", "ida"]]) {
    test(`manual-11: who lost everything is helped by support, safely (${language}, ${size})`, async () => {
      const t = texts[language];
      const name = `manual-desk-${language}-${size}`;
      const customer = await openBrowser(browser(), stage, { ...sizes.phone, locale: t.locale });
      await stage.signIn(customer.page, user);
      await addAuthenticator(customer.page, t, name);
      await addCodes(customer.page, t, name);
      await finish(customer.page, t);
      await customer.close();

      // The first day of an agent: a link from the administrator, a password, a second factor.
      const { link } = stage.command("operator", "add", `agent-${language}`, "--role", "supervisor");
      const { page, close } = await openBrowser(browser(), stage, { ...sizes[size], locale: t.locale });
      await page.goto(link);
      await page.getByRole("heading", { name: t.desk.welcome }).waitFor();
      assert.equal(new URL(page.url()).hash, "", "the secret is out of the address");
      await look(page, `${name}-welcome`);
      await page.getByLabel(t.desk.password, { exact: true }).fill(PASSWORD);
      await page.getByLabel(t.desk.again).fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.getByRole("heading", { name: t.secure }).waitFor();
      await addAuthenticator(page, t, `${name}-agent`);
      await addCodes(page, t, `${name}-agent`);
      await page.getByRole("button", { name: t.desk.in }).click();

      // A call.
      await page.getByRole("heading", { name: t.desk.find }).waitFor();
      await look(page, `${name}-find`);
      await page.getByLabel(t.desk.who).fill(user);
      await page.getByLabel(t.desk.reason).fill("telefoon kwijt");
      await page.getByLabel(t.desk.ticket).fill("INC-7");
      await page.keyboard.press("Enter");
      await page.getByText(t.desk.works).waitFor();
      await look(page, `${name}-call`);
      await page.getByText(t.desk.resetOpen, { exact: true }).click();
      await page.getByRole("button", { name: t.desk.reset }).click();
      await page.getByText(t.desk.gone).waitFor();
      await page.getByRole("button", { name: t.desk.give }).click();
      const code = await page.locator(".koppelcode").textContent();
      assert.equal(await page.getByRole("list", { name: t.desk.spelled }).getByRole("listitem").count(), 9);
      await look(page, `${name}-code`);
      const phone = stage.phone(user, "pair", "--server", stage.host, "--user", user, "--code", code, "--stay");
      const { check_number } = await phone.event("check_number");
      await page.getByText(t.desk.waits).waitFor();
      await look(page, `${name}-pending`);
      await page.getByLabel(t.desk.number).fill(check_number);
      await page.getByRole("button", { name: t.desk.confirm }).click();
      await page.getByText(t.desk.confirmed).waitFor();
      await look(page, `${name}-confirmed`);
      await page.getByRole("link", { name: t.desk.audit }).click();
      await page.getByText(t.desk.sound).waitFor();
      await look(page, `${name}-audit`);
      await page.getByRole("link", { name: t.desk.back }).click();
      await page.getByRole("button", { name: t.desk.close }).click();
      await page.getByRole("heading", { name: t.desk.find }).waitFor();
      await page.getByRole("button", { name: t.desk.leave }).click();
      await page.getByRole("heading", { name: t.desk.title }).waitFor();
      await look(page, `${name}-sign-in`);
      await close();

      // The customer is back, with the new phone.
      const back = await openBrowser(browser(), stage, { ...sizes.phone, locale: t.locale });
      await stage.signIn(back.page, user);
      const proof = await phone.event("challenge", (event) => event.mode === "code");
      await typeDigits(back.page, proof.code);
      await back.page.getByRole("heading", { name: t.backup }).waitFor();
      await addCodes(back.page, t, `${name}-back`);
      assert.equal(await finish(back.page, t), "server");
      await back.close();
    });
  }

  test("the set-up goes without script", async () => {
    const { page, close } = await openBrowser(browser(), stage, { ...sizes.phone, javaScriptEnabled: false });
    await stage.signIn(page, "eva");
    await page.getByRole("button", { name: "Authenticator toevoegen" }).click();
    const key = await page.locator("textarea").inputValue();
    await page.locator("#digits").fill(authenticator(key));
    await page.getByRole("button", { name: "Authenticator toevoegen" }).click();
    await page.getByRole("heading", { name: texts.nl.backup }).waitFor();
    await page.getByRole("button", { name: texts.nl.codes }).click();
    await page.getByRole("button", { name: texts.nl.show }).click();
    await page.getByLabel(texts.nl.tick).check();
    await page.getByRole("button", { name: texts.nl.go }).click();
    assert.equal(await finish(page, texts.nl), "server");
    await close();
  });

  test("two tabs and the back button lose nothing", async () => {
    const t = texts.nl;
    const { page, context, close } = await openBrowser(browser(), stage, sizes.desktop);
    await stage.signIn(page, "fay");
    const second = await context.newPage();
    await second.goto(page.url());
    const key = await addAuthenticator(page, t, "manual-tabs");
    await second.getByRole("button", { name: t.totp }).click();
    await second.locator("main").waitFor();
    await second.goto(page.url());
    await page.goBack();
    await page.reload();
    await page.goto(second.url());
    if (await page.locator("[data-screen=authenticator]").count()) {
      await page.getByRole("button", { name: "Een andere methode kiezen" }).click();
    }
    await page.getByRole("heading", { name: t.backup }).waitFor();
    await addCodes(page, t, "manual-tabs");
    assert.equal(await finish(page, t), "server");
    assert.ok(key);
    await close();
  });
});
