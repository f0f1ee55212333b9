// Where the built programs are: KOPPEL_BIN_DIR, else the workspace's target folder.
import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env.KOPPEL_BIN_DIR ?? fileURLToPath(new URL("../../target/ci", import.meta.url));

/** The path of a built program, such as `koppel-server` or `examples/page_gallery`. */
export function binary(name) {
  const path = join(folder, name);
  if (!existsSync(path)) throw new Error(`${path} is not built; set KOPPEL_BIN_DIR or run cargo xtask test pages`);
  return path;
}
