// What holds for every state of every page, in both languages, themes and sizes.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { AxeBuilder } from "@axe-core/playwright";
import { goto, sizes, useBrowser } from "./browser.mjs";
import { fragment, renderGallery, useGallery } from "./gallery.mjs";

const gallery = renderGallery();
const names = Object.keys(gallery.pages);
const stage = useGallery(gallery);
const browser = useBrowser();

const screenshots = process.env.KOPPEL_SCREENSHOTS;

/** Opens every page in one context and gives it to `look`. */
async function everyPage({ language, ...options }, look) {
  const context = await browser().newContext({ reducedMotion: "reduce", ...options });
  const foreign = [];
  const complaints = [];
  try {
    const page = await context.newPage();
    page.on("request", (request) => {
      if (!request.url().startsWith(stage.origin)) foreign.push(request.url());
    });
    page.on("pageerror", (error) => complaints.push(error.message));
    page.on("console", (message) => message.type() === "error" && complaints.push(message.text()));
    for (const name of names) {
      stage.reset();
      await page.goto("about:blank");
      await goto(page, `${stage.origin}/${language}/${name}.html?still${name === "link" ? fragment : ""}`);
      await look(page, name);
      assert.deepEqual(complaints, [], name);
    }
  } finally {
    await context.close();
  }
  assert.deepEqual(foreign, [], "a page asked another host");
}

describe("every page", { concurrency: 2 }, () => {
  // Colours hang on the theme and words on the language: two of the four pairs see all of both. Pictures want all four.
  const looks = [
    ["phone", "nl", "light"],
    ["desktop", "en", "dark"],
    ["desktop", "nl", "dark"],
    ["phone", "en", "light"],
  ];
  for (const [size, language, colorScheme] of screenshots ? looks : looks.slice(0, 2)) {
    test(`is clean for axe: ${language}, ${size}, ${colorScheme}`, async () => {
      await everyPage({ ...sizes[size], language, colorScheme }, async (page, name) => {
        const { violations } = await new AxeBuilder({ page })
          .withTags(["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"])
          .analyze();
        const found = violations.map((v) => `${v.id}: ${v.nodes.map((node) => node.target).join(", ")}`);
        assert.deepEqual(found, [], name);
        if (screenshots) {
          mkdirSync(screenshots, { recursive: true });
          const file = join(screenshots, `${name}-${language}-${size}-${colorScheme}.png`);
          await page.screenshot({ path: file, fullPage: true });
        }
      });
    });
  }

  test("fits a narrow screen at twice the text size, without scrolling sideways", async () => {
    for (const language of gallery.languages) {
      await everyPage({ viewport: { width: 320, height: 640 }, language }, async (page, name) => {
        const client = await page.context().newCDPSession(page);
        for (const standard of [16, 32]) {
          await client.send("Page.setFontSizes", { fontSizes: { standard, fixed: standard } });
          const [inner, scroll] = await page.evaluate(() => [innerWidth, document.documentElement.scrollWidth]);
          assert.ok(scroll <= inner, `${name} at ${standard} px: ${scroll} > ${inner}`);
        }
        await client.detach();
      });
    }
  });

  test("has targets of at least 44 by 44", async () => {
    await everyPage({ ...sizes.phone, language: "nl" }, async (page, name) => {
      const small = await page.evaluate(() =>
        [...document.querySelectorAll("a, button, summary, textarea, select, label, input:not([type=radio], [type=checkbox])")]
          .filter((element) => element.checkVisibility())
          .map((element) => [element.outerHTML.slice(0, 60), element.getBoundingClientRect()])
          .filter(([, box]) => box.width < 44 || box.height < 44)
          .map(([html]) => html),
      );
      assert.deepEqual(small, [], name);
    });
  });

  test("is walked through by the keyboard in reading order, with the focus in sight", async () => {
    await everyPage({ ...sizes.desktop, language: "nl" }, async (page, name) => {
      const expected = await page.evaluate(() => {
        const all = [...document.querySelectorAll("a[href], button, summary, textarea, select, input:not([type=hidden])")];
        const seen = all.filter((element) => element.checkVisibility());
        const groups = new Set();
        const stops = seen.filter((element) => {
          if (element.type !== "radio") return true;
          return !groups.has(element.name) && groups.add(element.name);
        });
        stops.forEach((element, n) => (element.dataset.stop = n));
        document.activeElement?.blur();
        window.getSelection()?.removeAllRanges();
        return stops.length;
      });
      const order = [];
      for (let n = 0; order.length < expected && n < expected + 2; n++) {
        await page.keyboard.press("Tab");
        const [stop, seen] = await page.evaluate(() => {
          const element = document.activeElement;
          const box = element.closest(".boxed")?.querySelector(".here") ?? element;
          const style = getComputedStyle(box);
          return [element.dataset.stop, style.outlineStyle !== "none" || style.boxShadow !== "none"];
        });
        if (stop === undefined) continue; // past the last one lies the browser's own frame
        assert.ok(seen, `${name}: the focus cannot be seen at stop ${stop}`);
        order.push(Number(stop));
      }
      // The start depends on where autofocus left the browser; the order does not.
      const start = order.indexOf(0);
      const turned = [...order.slice(start), ...order.slice(0, start)];
      assert.deepEqual(turned, [...Array(expected).keys()], name);
    });
  });

  test("shows the same without script, and nothing that only script can work", async () => {
    const context = await browser().newContext({ ...sizes.phone, javaScriptEnabled: false });
    const page = await context.newPage();
    for (const name of names) {
      await page.goto(`${stage.origin}/nl/${name}.html`);
      assert.equal(await page.locator("h1:visible").count(), 1, name);
      assert.equal(await page.locator(".ring:visible, [data-copied]:visible").count(), 0, name);
      const live = /^(verify-(code|number)|enrol-(waiting|test-(code|number)))/.test(name);
      const ways = await page.locator("a.first:visible, a.second:visible, button.first:visible").count();
      if (live) assert.ok(ways > 0, `${name}: there is no way on`);
    }
    await context.close();
  });
});
