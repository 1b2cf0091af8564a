// Apollo Client: queries with automatic persistence, files, subscriptions over WebSocket and over multipart HTTP.

import { createHash } from "node:crypto";

import { ApolloClient, ApolloLink, CombinedGraphQLErrors, HttpLink, InMemoryCache, gql } from "@apollo/client";
import { SetContextLink } from "@apollo/client/link/context";
import { PersistedQueryLink } from "@apollo/client/link/persisted-queries";
import { GraphQLWsLink } from "@apollo/client/link/subscriptions";
import UploadHttpLink from "apollo-upload-client/UploadHttpLink.mjs";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { arrive, ask, bring, file, hearCutOff, iterate, next, observed, operations, person, tell } from "./lexora.mjs";

let socket;
const uri = () => next("http");
const persisted = (useGETForHashedQueries) =>
  new PersistedQueryLink({
    sha256: (text) => createHash("sha256").update(text).digest("hex"),
    useGETForHashedQueries,
  });
const signedIn = new SetContextLink(({ headers }) => ({ headers: { ...headers, ...person.headers } }));
const http = signedIn.concat(new HttpLink({ uri, fetch: observed }));
const files = signedIn.concat(new UploadHttpLink({ uri, headers: { "Apollo-Require-Preflight": "true" } }));
const sockets = new GraphQLWsLink(
  createClient({
    url: () => next("ws"),
    webSocketImpl: WebSocket,
    connectionParams: () => ({ Authorization: person.headers.authorization }),
    retryAttempts: 0,
    on: { connected: (opened) => (socket = opened) },
  }),
);

const over = (link, possibleTypes) => new ApolloClient({ link, cache: new InMemoryCache({ possibleTypes }) });
const plain = over(http);
const { data } = await plain.query({ query: gql("{ __schema { types { name possibleTypes { name } } } }") });
const possibleTypes = Object.fromEntries(
  data.__schema.types
    .filter((each) => each.possibleTypes)
    .map((each) => [each.name, each.possibleTypes.map(({ name }) => name)]),
);

async function runOver(client, query, variables) {
  const document = gql(query);
  const isMutation = document.definitions[0].operation === "mutation";
  const options = { variables, fetchPolicy: "no-cache" };
  const result = isMutation
    ? await client.mutate({ mutation: document, ...options })
    : await client.query({ query: document, ...options });
  return result.data;
}

const code = (running) =>
  running.then(
    () => "none",
    (error) => (CombinedGraphQLErrors.is(error) ? error.errors[0].extensions.code : String(error)),
  );

function followOver(client, query, variables) {
  return iterate(({ next: push, error: fail, complete }) => {
    const subscription = client.subscribe({ query: gql(query), variables }).subscribe({
      next: ({ data: received, error }) => (error ? fail(error) : push(received)),
      error: fail,
      complete,
    });
    return () => subscription.unsubscribe();
  });
}

const run = (query, variables) => runOver(plain, query, variables);
const overSockets = over(sockets, possibleTypes);
const facts = await arrive({ run, code });

// The document that a subscription tells of is the one that a query has put into the cache.
const isSubscription = ({ operationType }) => operationType === "subscription";
const normalised = over(ApolloLink.split(isSubscription, sockets, http), possibleTypes);
let cachedIsReady;
async function upload() {
  const result = await runOver(over(files, possibleTypes), operations.UploadDocument, { input: { file: file() } });
  const { id } = result.uploadDocument.document;
  const watched = normalised.watchQuery({ query: gql(operations.Document), variables: { id } });
  cachedIsReady = new Promise((resolve) => {
    watched.subscribe(({ data: current }) => current?.document?.status === "READY" && resolve(true));
  });
  return result;
}
Object.assign(facts, await bring({ run, upload, follow: (...given) => followOver(normalised, ...given) }));
facts.cachedIsReady = await cachedIsReady;

facts.persisted = {};
for (const [name, isGet] of Object.entries({ byPost: false, byGet: true })) {
  observed.requests.length = 0;
  for (let time = 0; time < 2; time += 1) {
    const client = over(ApolloLink.from([persisted(isGet), http]));
    // Each its own, so that the second way does not find what the first has left.
    const named = operations.Me.replace("Me", `Me_${name}`);
    facts.isKnown &&= (await runOver(client, named)).me.email === person.email;
  }
  facts.persisted[name] = [...observed.requests];
}

const followSockets = (query, variables) => followOver(overSockets, query, variables);
const followParts = (query, variables) => followOver(plain, query, variables);
const bySocket = await hearCutOff(await ask(run), followSockets, () => socket.terminate());
const byParts = await hearCutOff(await ask(run), followParts, () => observed.cut());
tell({
  ...facts,
  bySocket: bySocket.events,
  byParts: byParts.events,
  endings: { bySocket: bySocket.endings, byParts: byParts.endings },
});
