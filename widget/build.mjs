// Bundles src/main.ts into one file. `--out=FILE` writes elsewhere; `--tests` bundles and runs the unit tests instead.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { build, transform } from "esbuild";

const TARGET = ["chrome91", "firefox90", "safari15"];
/** Properties of ours alone: no server, page or browser knows them by name. */
const OURS = /^(about|agree|agreed|begin|box|dressBar|fought|isOpen|opened|quietly|run|swap|take|targets|typed|view|watch)$/;
const here = dirname(fileURLToPath(import.meta.url));
/** Style sheets become texts. */
const sheets = {
  name: "sheets",
  setup(builder) {
    builder.onLoad({ filter: /\.css$/ }, async ({ path }) => {
      const { code } = await transform(readFileSync(path, "utf8"), { loader: "css", minify: true, target: TARGET });
      return { contents: code.trim(), loader: "text" };
    });
  },
};
const option = (name) => process.argv.find((word) => word.startsWith(`--${name}=`))?.slice(name.length + 3);

if (process.argv.includes("--tests")) {
  const folder = option("out") ?? join(here, "..", "build", "widget-tests");
  mkdirSync(folder, { recursive: true });
  const names = readdirSync(join(here, "test")).filter((name) => name.endsWith(".test.ts"));
  await build({
    entryPoints: names.map((name) => join(here, "test", name)),
    bundle: true,
    platform: "node",
    format: "esm",
    outExtension: { ".js": ".mjs" },
    outdir: folder,
    logLevel: "error",
  });
  const files = names.map((name) => join(folder, name.replace(/\.ts$/, ".mjs")));
  process.exit(spawnSync(process.execPath, ["--test", ...files], { stdio: "inherit" }).status ?? 1);
}

await build({
  entryPoints: [join(here, "src", "main.ts")],
  bundle: true,
  minify: true,
  charset: "utf8",
  target: TARGET,
  plugins: [sheets],
  format: "iife",
  mangleProps: OURS,
  legalComments: "none",
  outfile: option("out") ?? join(here, "..", "pbx", "widget", "static", "w.js"),
  logLevel: "error",
});
