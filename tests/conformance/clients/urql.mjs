// urql: queries and files by fetch, persisted documents, subscriptions over server-sent events and over WebSocket.

import { createHash } from "node:crypto";

import { Client, fetchExchange, subscriptionExchange } from "@urql/core";
import { persistedExchange } from "@urql/exchange-persisted";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { arrive, ask, bring, file, hearCutOff, iterate, next, observed, operations, person, tell } from "./lexora.mjs";

let socket;
const sockets = createClient({
  url: () => next("ws"),
  webSocketImpl: WebSocket,
  connectionParams: () => ({ Authorization: person.headers.authorization }),
  retryAttempts: 0,
  on: { connected: (opened) => (socket = opened) },
});

const over = (...exchanges) =>
  new Client({
    url: next("http"),
    exchanges,
    fetch: observed,
    fetchSubscriptions: true,
    // For files; and urql prefers GET, which takes no document in production without it.
    fetchOptions: () => ({ headers: { ...person.headers, "GraphQL-Require-Preflight": "1" } }),
  });
const plain = over(fetchExchange);
const bySockets = over(
  subscriptionExchange({
    forwardSubscription: (request) => ({
      subscribe: (sink) => ({ unsubscribe: sockets.subscribe({ ...request, query: request.query ?? "" }, sink) }),
    }),
  }),
);
const generateHash = async (text) => createHash("sha256").update(text).digest("hex");
const byHash = () => over(persistedExchange({ generateHash }), fetchExchange);

async function runOver(client, query, variables = {}) {
  const kind = /^mutation/m.test(query) ? "mutation" : "query";
  const { data, error } = await client[kind](query, variables, { url: next("http") }).toPromise();
  if (error) throw error;
  return data;
}

function followOver(client, query, variables) {
  return iterate(({ next: push, error: fail, complete }) => {
    const source = client.subscription(query, variables, { url: next("http") });
    const subscription = source.subscribe(({ data, error, hasNext }) => {
      if (error) fail(error);
      // The end comes as the last result once more.
      else if (hasNext) push(data);
      else complete();
    });
    return () => subscription.unsubscribe();
  });
}

const run = (query, variables) => runOver(plain, query, variables);
const code = (running) => running.then(() => "none", ({ graphQLErrors: [error] }) => error.extensions.code);
const upload = () => run(operations.UploadDocument, { input: { file: file() } });
const followEvents = (query, variables) => followOver(plain, query, variables);
const followSockets = (query, variables) => followOver(bySockets, query, variables);

const facts = { ...(await arrive({ run, code })), ...(await bring({ run, upload, follow: followEvents })) };
facts.isRefusedInEvents = await code(followEvents("subscription { nothing }").next());

observed.requests.length = 0;
for (let time = 0; time < 2; time += 1) {
  facts.isKnown &&= (await runOver(byHash(), operations.Me.replace("Me", "Me_of_urql"))).me.email === person.email;
}
facts.persisted = [...observed.requests];

const byEvents = await hearCutOff(await ask(run), followEvents, () => observed.cut());
const bySocket = await hearCutOff(await ask(run), followSockets, () => socket.terminate());
tell({
  ...facts,
  byEvents: byEvents.events,
  bySocket: bySocket.events,
  endings: { byEvents: byEvents.endings, bySocket: bySocket.endings },
});
