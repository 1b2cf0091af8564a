/** Sends operations: queries and mutations over HTTP, subscriptions over graphql-transport-ws, all to /graphql. */
import { createGraphiQLFetcher } from "@graphiql/toolkit";
import { createClient } from "graphql-ws";

// The page and the endpoint have one address, whatever a proxy puts in front of it.
const address = new URL(location.pathname, location.origin);
const socketAddress = new URL(address);
socketAddress.protocol = address.protocol === "https:" ? "wss:" : "ws:";

/** Browsers cannot send headers with a WebSocket, so the token goes into connection_init's payload. */
function connectionParams(headers) {
  const names = Object.keys(headers ?? {});
  const name = names.find((candidate) => candidate.toLowerCase() === "authorization");
  return name === undefined ? {} : { Authorization: headers[name] };
}

export function fetcher(parameters, options) {
  // A client for each run, because the headers may have changed. It opens no socket until something is subscribed to.
  const wsClient = createClient({
    url: socketAddress.href,
    connectionParams: connectionParams(options?.headers),
    // Whoever tries things out should see that a socket was closed, and why.
    retryAttempts: 0,
  });
  const send = createGraphiQLFetcher({
    url: address.href,
    wsClient,
    // The server has no @defer and no @stream; without this GraphiQL asks for multipart responses.
    enableIncrementalDelivery: false,
  });
  return send(parameters, options);
}
