// Debian's Chromium, driven by Playwright; no browser is ever downloaded.
import { existsSync } from "node:fs";
import { after, before } from "node:test";
import { chromium } from "playwright-core";

const executablePath =
  process.env.KOPPEL_CHROMIUM ??
  ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"].find(existsSync);

/** A browser for one file of tests: `browser()` gives it while they run. */
export function useBrowser() {
  let browser;
  before(async () => {
    if (!executablePath) throw new Error("no Chromium: apt-get install chromium, or set KOPPEL_CHROMIUM");
    // Chromium's own sandbox does not start as root.
    const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
    browser = await chromium.launch({ executablePath, args });
  });
  after(() => browser?.close());
  return () => browser;
}

/** The two sizes at which everything is looked at. */
export const sizes = {
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
  desktop: { viewport: { width: 1280, height: 900 } },
};

/** Opens a page and waits until the browser has moved the focus, which it does a moment after the page is there. */
export async function goto(page, address) {
  const answer = await page.goto(address);
  if (await page.locator("[autofocus]").count()) await page.locator("[autofocus]:focus").waitFor();
  return answer;
}
