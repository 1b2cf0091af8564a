/** Bundles the playground: node build.mjs FOLDER. Called by build.py, beside an installed node_modules. */
import { readdir, readFile, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { build } from "esbuild";

const folder = process.argv[2];
const common = {
  bundle: true,
  minify: true,
  metafile: true,
  outdir: folder,
  // With the content's hash in its name a file can be cached for ever.
  entryNames: "[name]-[hash]",
  chunkNames: "[name]-[hash]",
  target: "es2022",
  legalComments: "none",
  logLevel: "warning",
  define: { "process.env.NODE_ENV": '"production"' },
  // Monaco's modules import their styles one by one; graphiql/style.css has them all.
  loader: { ".graphql": "text", ".css": "empty" },
};

/** Name of the file that an entry point became. */
function outputOf(result, entry) {
  const [path] = Object.entries(result.metafile.outputs).find(([, output]) => output.entryPoint?.endsWith(entry));
  return basename(path);
}

// One file each, because a worker that splits would need modules in workers.
const workers = await build({
  ...common,
  format: "iife",
  entryPoints: {
    "editor.worker": "monaco-editor/esm/vs/editor/editor.worker.js",
    "json.worker": "monaco-editor/esm/vs/language/json/json.worker.js",
    "graphql.worker": "monaco-graphql/esm/graphql.worker.js",
  },
});
const files = {
  editor: outputOf(workers, "editor.worker.js"),
  json: outputOf(workers, "json.worker.js"),
  graphql: outputOf(workers, "graphql.worker.js"),
};

const page = await build({
  ...common,
  format: "esm",
  splitting: true,
  entryPoints: ["playground.jsx"],
  jsx: "automatic",
  // GraphiQL takes the words for its icons from the names of their functions.
  keepNames: true,
  // GraphiQL asks for Prettier's parsers by their old names, which lead to CommonJS files that give it none.
  alias: {
    "prettier/parser-babel": "prettier/plugins/babel",
    "prettier/parser-graphql": "prettier/plugins/graphql",
  },
  define: { ...common.define, LEXORA_WORKERS: JSON.stringify(files) },
});

// Here styles count. The fonts are inside graphiql/style.css already.
const styles = await build({ ...common, entryPoints: ["playground.css"], loader: {} });

/** The licences of all packages in the bundle, which ask to be shown wherever it goes. */
async function licences() {
  const inputs = [workers, page, styles].flatMap((result) => Object.keys(result.metafile.inputs));
  const packages = new Set(inputs.map((path) => path.match(/^.*node_modules\/(?:@[^/]+\/)?[^/]+/)?.[0]).filter(Boolean));
  const texts = [...packages].sort().map(async (path) => {
    const { name, version, license } = JSON.parse(await readFile(join(path, "package.json"), "utf8"));
    const names = (await readdir(path)).filter((file) => /^(licen[cs]e|notice|thirdparty)/i.test(file));
    const bodies = await Promise.all(names.map((file) => readFile(join(path, file), "utf8")));
    return [`${name} ${version} (${license})`, ...bodies].join("\n\n");
  });
  return (await Promise.all(texts)).join(`\n\n${"-".repeat(80)}\n\n`);
}

await writeFile(join(folder, "licences.txt"), await licences());
await writeFile(
  join(folder, "manifest.json"),
  JSON.stringify({ script: outputOf(page, "playground.jsx"), style: outputOf(styles, "playground.css") }),
);
