/** Tells Monaco, the editor inside GraphiQL, where its workers are and by whose leave it writes HTML. */
import { editorPolicy } from "./trust.js";

// Put in by build.mjs: {editor, json, graphql}, each the name of a file beside this one.
const files = LEXORA_WORKERS;

globalThis.MonacoEnvironment = {
  createTrustedTypesPolicy: () => editorPolicy,
  // Files of our own origin, not blobs: a blob would need a wider Content-Security-Policy.
  getWorker(_id, label) {
    const address = new URL(files[label] ?? files.editor, import.meta.url).href;
    return new Worker(editorPolicy.createScriptURL(address), { name: label });
  },
};
