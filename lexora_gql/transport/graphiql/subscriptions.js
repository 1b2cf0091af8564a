/** Follows subscriptions over graphql-transport-ws, through expired tokens and restarts of the server. */
import { createClient } from "graphql-ws";

import { address } from "./server.js";
import { authorization, authorizationAfter } from "./session.js";

const FORBIDDEN = 4403;
const RETRYABLE = [1012, 1013];
const FIRST_WAIT_MILLISECONDS = 500;

const socketAddress = new URL(address);
socketAddress.protocol = address.protocol === "https:" ? "wss:" : "ws:";

/**
 * Follow a subscription; gives the function that ends it.
 *
 * `request` may declare $after: a lost connection then goes on after the last cursor, as every client should.
 * `given` is the Authorization of the editor "Headers", which comes before that of whoever is signed in.
 */
export function follow(request, { declared, given, sink }) {
  const payload = { ...request };
  let sent;
  let isRefused = false;

  async function token() {
    sent = given ?? (isRefused ? await authorizationAfter(sent) : await authorization());
    // Browsers cannot send headers with a WebSocket.
    return sent === undefined ? {} : { Authorization: sent };
  }

  function shouldRetry({ code }) {
    if (RETRYABLE.includes(code)) return true;
    // Once: a new token that is refused as well will not get better.
    const canRenew = code === FORBIDDEN && given === undefined && sent !== undefined && !isRefused;
    isRefused ||= canRenew;
    return canRenew;
  }

  const client = createClient({
    url: socketAddress.href,
    connectionParams: token,
    shouldRetry,
    retryWait: (attempt) =>
      new Promise((resolve) => setTimeout(resolve, isRefused ? 0 : FIRST_WAIT_MILLISECONDS * 2 ** attempt)),
  });

  return client.subscribe(payload, {
    next(result) {
      isRefused = false;
      const [event] = Object.values(result.data ?? {});
      if (declared.has("after") && event?.cursor) payload.variables = { ...payload.variables, after: event.cursor };
      sink.next(result);
    },
    error(error) {
      const errors = Array.isArray(error) ? error : [{ message: wordsFor(error) }];
      sink.next({ errors });
      sink.complete();
    },
    complete: () => sink.complete(),
  });
}

function wordsFor(error) {
  if (error instanceof CloseEvent) return `The socket was closed: ${error.code} ${error.reason}`.trim();
  return error instanceof Error ? error.message : "The socket could not be opened.";
}
