// The code field: six boxes for the eye, one plain input for everything else.
import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { goto, sizes, useBrowser } from "./browser.mjs";
import { path, renderGallery, useGallery } from "./gallery.mjs";

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

const boxes = (page) => page.locator(".boxes i").allTextContents();

describe("the code field", () => {
  beforeEach(() => stage.reset());

  test("has the focus at once and takes six digits, box by box", async () => {
    const page = await open("verify-code-shown");
    await page.keyboard.type("48");
    assert.deepEqual(await boxes(page), ["4", "8", "", "", "", ""]);
    assert.equal(await page.locator(".boxes i.here").evaluate((box) => [...box.parentNode.children].indexOf(box)), 2);
    await page.keyboard.type("2913");
    assert.equal(stage.posts.length, 0, "typing the last digit must not send: a person may want to look");
    await page.keyboard.press("Enter");
    await page.waitForURL("**/check");
    assert.deepEqual(stage.posts, [{ to: "/check", form: { form_token: "Zm9ybXVsaWVydG9rZW4", digits: "482913" } }]);
    await page.context().close();
  });

  test("takes a pasted code with whatever stands around it", async () => {
    const page = await open("verify-code-shown", { permissions: ["clipboard-read", "clipboard-write"] });
    for (const text of ["482913", "482 913", " 482-913\n", "Uw code is 482 913."]) {
      await page.evaluate((text) => navigator.clipboard.writeText(text), text);
      await page.locator("#digits").fill("");
      await page.keyboard.press("Control+V");
      assert.equal((await boxes(page)).join(""), "482913", JSON.stringify(text));
    }
    await page.context().close();
  });

  test("ignores letters and a seventh digit", async () => {
    const page = await open("verify-code-shown");
    await page.keyboard.type("4a8b2c9d1e3f7");
    assert.equal(await page.locator("#digits").inputValue(), "482913");
    await page.context().close();
  });

  test("reads the digits of other keyboards", async () => {
    const page = await open("verify-code-shown");
    await page.keyboard.type("４８٢٩۱３");
    assert.equal(await page.locator("#digits").inputValue(), "482913");
    await page.context().close();
  });

  test("lets a digit be mended in its place", async () => {
    const page = await open("verify-code-shown");
    await page.keyboard.type("482913");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.type("7");
    assert.equal((await boxes(page)).join(""), "482713");
    await page.keyboard.press("Backspace");
    assert.equal((await boxes(page)).join(""), "48213");
    await page.context().close();
  });

  test("puts the cursor into the box that is touched", async () => {
    const page = await open("verify-code-shown");
    await page.keyboard.type("482913");
    await page.locator(".boxes i").nth(1).click({ force: true });
    await page.keyboard.type("0");
    assert.equal((await boxes(page)).join(""), "402913");
    await page.context().close();
  });

  test("is one input with a name, for autofill and screen readers", async () => {
    const page = await open("verify-code-wrong");
    const field = page.getByRole("textbox", { name: "Verificatiecode, 6 cijfers" });
    assert.equal(await field.getAttribute("autocomplete"), "one-time-code");
    assert.equal(await field.getAttribute("inputmode"), "numeric");
    assert.equal(await field.getAttribute("aria-invalid"), "true");
    assert.equal(await page.getByRole("alert").textContent(), await page.locator("#problem").textContent());
    assert.ok(await field.evaluate((element) => element === document.activeElement), "a wrong code keeps the focus");
    assert.equal(await page.getByRole("textbox").count(), 1);
    await page.context().close();
  });

  test("works as one plain field without script", async () => {
    const page = await open("verify-code-shown", { javaScriptEnabled: false });
    assert.equal(await page.locator(".boxes").count(), 0);
    await page.getByRole("textbox").fill("482 913");
    await page.getByRole("button", { name: "Doorgaan" }).click();
    await page.waitForURL("**/check");
    assert.equal(stage.posts[0].form.digits, "482 913");
    await page.context().close();
  });

  test("asks for the check number of the phone that was chosen", async () => {
    const page = await open("enrol-pending-several");
    await page.getByRole("radio", { name: /Pixel 8/ }).check();
    await page.getByRole("textbox").fill("123456");
    await page.getByRole("button", { name: "Telefoon koppelen" }).click();
    await page.waitForURL("**/confirm");
    const { form } = stage.posts[0];
    assert.equal(form.pairing, "pa_7dkq2mxw5nabz6tfh4yv7jc4em");
    assert.equal(form.check_number, "123456");
    await page.context().close();
  });
});
