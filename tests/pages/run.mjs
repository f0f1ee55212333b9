// Runs the page tests: node run.mjs [--screenshots DIR] [FILE.test.mjs …]
import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { run } from "node:test";
import { spec } from "node:test/reporters";
import { parseArgs } from "node:util";

const { values, positionals } = parseArgs({
  options: { screenshots: { type: "string" } },
  allowPositionals: true,
});
if (values.screenshots) process.env.KOPPEL_SCREENSHOTS = resolve(values.screenshots);

const here = import.meta.dirname;
const files = positionals.length ? positionals : readdirSync(here).filter((name) => name.endsWith(".test.mjs"));
run({ files: files.map((name) => resolve(here, name)), concurrency: 2 })
  .on("test:fail", () => (process.exitCode = 1))
  .compose(new spec())
  .pipe(process.stdout);
