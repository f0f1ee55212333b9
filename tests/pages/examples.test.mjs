// The examples for developers of panels: a stranger's login with Koppel behind it, in three languages, each played to its end.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { sizes, useBrowser } from "./browser.mjs";
import { openBrowser } from "./journey.mjs";
import { PASSWORD, useStage } from "./stage.mjs";

const folder = (name) => fileURLToPath(new URL(`../../examples/panel/${name}`, import.meta.url));
const python = process.env.KOPPEL_PYTHON ?? "python3";

const examples = [
  { name: "php", file: "login.php", program: "php", words: (port) => ["-S", `127.0.0.1:${port}`, "login.php"] },
  { name: "python", file: "login.py", program: python, words: (port) => ["-m", "flask", "--app", "login", "run", "--port", port] },
  { name: "node", file: "login.mjs", program: process.execPath, words: () => ["login.mjs"] },
];

for (const { name, file, program, words } of examples) {
  describe(`the example in ${name}`, () => {
    const panel = {
      returnPath: "/2fa",
      serve(stage) {
        const { port } = new URL(stage.panel);
        const env = { ...process.env, KOPPEL_URL: stage.server, KOPPEL_KEY: stage.key, APP_URL: stage.panel, PORT: port, PASSWORD, NO_PROXY: "127.0.0.1" };
        return stage.servePanel(program, words(port), { cwd: folder(name), env });
      },
      welcome: async (page) => (await page.locator("p").textContent()).trim(),
    };
    const stage = useStage({ mode: "code", users: [], panel });
    const browser = useBrowser();

    test("is at most 60 lines", () => {
      assert.ok(readFileSync(`${folder(name)}/${file}`, "utf8").trimEnd().split("\n").length <= 60);
    });

    test("lets nobody in with the password alone, and its user with a phone", { timeout: 90_000 }, async () => {
      const { page, close } = await openBrowser(browser(), stage, sizes.desktop);
      await stage.signIn(page, "jansen");
      await page.goto(stage.panel);
      assert.match(await page.locator("p").textContent(), /^Nobody is in/);

      // The first login sets up the phone; the second asks it.
      await stage.signIn(page, "jansen");
      const phone = await stage.enrol(page, "jansen");
      assert.match(await page.locator("p").textContent(), /^jansen is in/);
      await page.context().clearCookies();
      await stage.signIn(page, "jansen");
      await stage.answer(page, phone);
      assert.match(await stage.welcome(page), /^jansen is in/);
      await close();
    });

    test("refuses a wrong password, a form of another session, and a way back that it did not ask for", { timeout: 60_000 }, async () => {
      const { page, close } = await openBrowser(browser(), stage, sizes.desktop);
      await page.goto(`${stage.panel}/sign-in`);
      await page.locator("[name=login_name]").fill("<b>jansen</b>");
      await page.locator("[name=password]").fill("wrong");
      await page.keyboard.press("Enter");
      await page.getByText("Wrong name or password").waitFor();

      const form = { form: "AAAAAAAAAAAAAAAAAAAAAA", login_name: "jansen", password: PASSWORD };
      const forged = await page.request.post(`${stage.panel}/sign-in`, { form, maxRedirects: 0 });
      assert.equal(forged.status(), 403);

      const back = `${stage.panel}/2fa?prompt=pr_gaytemzugu3doobzmfrggzdfmy&code=AAECAwQFBgcICQoLDA0ODw&state=3q2-7wEBAQ&iss=${stage.server}`;
      for (const address of [back, `${stage.panel}/2fa`]) {
        assert.equal((await page.goto(address)).status(), 403);
        await page.getByText("This does not belong to your browser").waitFor();
      }
      await page.goto(stage.panel);
      assert.match(await page.locator("p").textContent(), /^Nobody is in/);
      await close();
    });

    test("lets nobody in when Koppel cannot be reached", { timeout: 60_000 }, async () => {
      await stage.killServer();
      const { page, close } = await openBrowser(browser(), stage, sizes.desktop);
      await page.goto(`${stage.panel}/sign-in`);
      await page.locator("[name=login_name]").fill("jansen");
      await page.locator("[name=password]").fill(PASSWORD);
      await page.keyboard.press("Enter");
      await page.getByText("We cannot check your second factor now").waitFor();
      await page.goto(stage.panel);
      assert.match(await page.locator("p").textContent(), /^Nobody is in/);
      await close();
    });
  });
}
