/** Sends files by the GraphQL multipart request specification. */
import { create } from "zustand";

import { ACCEPT, address, parseResult } from "./server.js";

/** How the newest upload stands: `share` from 0 to 1 while it is sent, `outcomes` by the files' names afterwards. */
export const useUpload = create(() => ({ names: [], share: null, outcomes: {} }));

function form(request, files) {
  const body = new FormData();
  body.append("operations", JSON.stringify(request));
  body.append("map", JSON.stringify(Object.fromEntries(files.map(({ paths }, index) => [index, paths]))));
  // The specification wants the files last, and in the map's order.
  files.forEach(({ file }, index) => body.append(String(index), file));
  return body;
}

/** What came of each file: the first field's value, or its items in the files' order. */
function outcomesOf(result, files) {
  const failed = result.errors?.[0];
  const values = [Object.values(result.data ?? {})[0]].flat();
  return Object.fromEntries(files.map(({ name }, index) => [name, failed ?? values[index] ?? {}]));
}

/** Send a request with files; gives its result. */
export function upload(request, files, { authorization, headers, signal }) {
  useUpload.setState({ names: files.map(({ name }) => name), share: 0, outcomes: {} });
  // Not fetch, which does not tell how much has been sent.
  const http = new XMLHttpRequest();
  const done = new Promise((resolve, reject) => {
    http.upload.onprogress = ({ loaded, total }) => useUpload.setState({ share: loaded / total });
    http.onload = () => resolve(http);
    http.onerror = () => reject(new Error("The connection was lost while the files were being sent."));
    http.onabort = () => reject(new DOMException("Stopped.", "AbortError"));
  });
  signal.addEventListener("abort", () => http.abort());
  http.open("POST", address);
  const all = { Accept: ACCEPT, "GraphQL-Require-Preflight": "1", ...headers };
  if (authorization) all.Authorization = authorization;
  for (const [name, value] of Object.entries(all)) http.setRequestHeader(name, value);
  http.send(form(request, files));
  return done
    .then(() => {
      const result = parseResult(http.responseText, http.status);
      useUpload.setState({ share: null, outcomes: outcomesOf(result, files) });
      return result;
    })
    .catch((error) => {
      useUpload.setState({ share: null, outcomes: outcomesOf({ errors: [error] }, files) });
      throw error;
    });
}
