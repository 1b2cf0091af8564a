/** Tells Monaco, the editor inside GraphiQL, where its workers are. */

// Put in by build.mjs: {editor, json, graphql}, each the name of a file beside this one.
const files = LEXORA_WORKERS;

globalThis.MonacoEnvironment = {
  // Files of our own origin, not blobs: a blob would need a wider Content-Security-Policy.
  getWorker: (_id, label) => new Worker(new URL(files[label] ?? files.editor, import.meta.url), { name: label }),
};
