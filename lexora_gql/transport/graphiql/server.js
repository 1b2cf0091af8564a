/** Where the server is, and one request to it as JSON. */
import { create } from "zustand";

import query from "./panels/server.graphql";

// The page and the endpoint have one address, whatever a proxy puts in front of it.
export const address = new URL(location.pathname, location.origin);

export const ACCEPT = "application/graphql-response+json, application/json;q=0.9";

/** What the server says of itself to everybody; null until it is known. */
export const useServer = create(() => ({ registration: null, maxFileBytes: null, acceptedMediaTypes: null }));

/** The GraphQL result in a response's text; GraphQL errors are no exception, something else than GraphQL is. */
export function parseResult(text, status) {
  try {
    const result = JSON.parse(text);
    if (result !== null && typeof result === "object") return result;
  } catch {
    // A proxy in between may answer in HTML.
  }
  throw new Error(`The server answered ${status}, and not in GraphQL's form.`);
}

/** Send a request; gives its result and the server's clock. */
export async function post(request, { authorization, headers, signal } = {}) {
  const response = await fetch(address, {
    method: "POST",
    body: JSON.stringify(request),
    headers: {
      "Content-Type": "application/json",
      Accept: ACCEPT,
      ...headers,
      ...(authorization && { Authorization: authorization }),
    },
    signal,
  });
  const result = parseResult(await response.text(), response.status);
  return { result, now: Date.parse(response.headers.get("Date")) || Date.now() };
}

export async function learnAboutServer() {
  const { result } = await post({ query });
  if (result.data) useServer.setState(result.data.serverInfo);
}
