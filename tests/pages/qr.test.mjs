// The QR codes as a browser paints them, read by what phones and computers read them with.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { before, describe, test } from "node:test";
import { prepareZXingModule, readBarcodes } from "zxing-wasm/reader";
import { goto, sizes, useBrowser } from "./browser.mjs";
import { renderGallery, useGallery } from "./gallery.mjs";

const gallery = renderGallery();
const stage = useGallery(gallery);
const browser = useBrowser();

/** By Debian's zbar: one line for each symbol. */
function zbar(png) {
  const { stdout, error } = spawnSync("zbarimg", ["--quiet", "--raw", "-Sdisable", "-Sqrcode.enable", "-"], { input: png });
  if (error) throw new Error("no zbarimg: apt-get install zbar-tools", { cause: error });
  return stdout.toString().split("\n").filter(Boolean);
}

/** By ZXing, which most Android apps have inside. */
async function zxing(png) {
  const found = await readBarcodes(new Uint8Array(png), { formats: ["QRCode"] });
  return found.map(({ text }) => text);
}

/** What each page says beside its code, for those who cannot scan it. */
const pages = {
  // The button for whoever reads this on the phone itself, and the same as text.
  async "enrol-waiting"(page) {
    const link = await page.locator("textarea").inputValue();
    assert.equal(await page.locator("a.on-phone").getAttribute("href"), link);
    return link;
  },
  async "wizard-authenticator"(page) {
    const address = await page.locator("a.on-phone").getAttribute("href");
    const key = await page.locator("textarea").inputValue();
    assert.equal(new URL(address).searchParams.get("secret"), key.replaceAll(" ", ""));
    return address;
  },
};

describe("the QR code", { concurrency: 2 }, () => {
  before(async () => {
    // From the package: nothing is fetched while the tests run.
    const wasm = createRequire(import.meta.url).resolve("zxing-wasm/reader/zxing_reader.wasm");
    await prepareZXingModule({ overrides: { wasmBinary: readFileSync(wasm).buffer }, fireImmediately: true });
  });

  test("is on every page that the gallery has one on, and no other", () => {
    const withCode = Object.keys(gallery.pages).filter((name) => gallery.html("nl", name).includes('class="qr"'));
    const families = new Set(withCode.map((name) => Object.keys(pages).find((family) => name.startsWith(family)) ?? name));
    assert.deepEqual([...families].sort(), Object.keys(pages).sort());
  });

  for (const [name, beside] of Object.entries(pages)) {
    for (const [size, options] of Object.entries(sizes)) {
      for (const deviceScaleFactor of [1, 2]) {
        for (const [colorScheme, media] of [["light", "screen"], ["dark", "screen"], ["light", "print"], ["dark", "print"]]) {
          test(`of ${name} is read: ${size}, ${deviceScaleFactor}×, ${colorScheme}, ${media}`, async () => {
            const context = await browser().newContext({ ...options, deviceScaleFactor, colorScheme, reducedMotion: "reduce" });
            const page = await context.newPage();
            await goto(page, `${stage.origin}/nl/${name}.html?still`);
            const text = await beside(page);
            await page.emulateMedia({ media, colorScheme });
            const png = await page.locator(".qr").screenshot();
            assert.deepEqual(zbar(png), [text], "zbar");
            assert.deepEqual(await zxing(png), [text], "zxing");
            await context.close();
          });
        }
      }
    }
  }
});
