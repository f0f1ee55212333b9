// What a person's browser must never see, whichever journey it makes.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";

/** A browser of one person, watched: no foreign request, no violated policy, no script error. */
export async function openBrowser(browser, stage, options = {}) {
  const context = await browser.newContext({ locale: "nl-NL", reducedMotion: "reduce", ...options });
  const page = await context.newPage();
  const complaints = [];
  page.on("request", (request) => {
    const url = request.url();
    if (![stage.server, stage.panel].some((origin) => url.startsWith(`${origin}/`))) complaints.push(`asked ${url}`);
  });
  page.on("pageerror", (error) => complaints.push(error.message));
  page.on("console", (message) => {
    if (/content security policy/i.test(message.text())) complaints.push(message.text());
  });
  const close = async () => {
    await context.close();
    assert.deepEqual(complaints, []);
  };
  return { page, context, close };
}

/** Looks at the page as it stands: axe, and a picture where pictures are wanted. */
export async function look(page, name) {
  const { violations } = await new AxeBuilder({ page }).analyze();
  assert.deepEqual(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.target)}`), [], name);
  const folder = process.env.KOPPEL_SCREENSHOTS;
  if (!folder) return;
  mkdirSync(folder, { recursive: true });
  await page.screenshot({ path: join(folder, `journey-${name}.png`), fullPage: true });
}

/** Types into the field that has the focus by itself, and sends it: by the keyboard alone. */
export async function typeDigits(page, digits) {
  await page.locator(".digits input:focus").waitFor();
  await page.keyboard.type(digits);
  await page.keyboard.press("Enter");
}
