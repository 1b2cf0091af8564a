// graphql-ws: everything over one WebSocket, which comes again by itself whatever it was closed with.

import { createClient } from "graphql-ws";
import WebSocket from "ws";

import { Heard, arrive, ask, bring, current, next, operations, person } from "./lexora.mjs";
import { plainUpload, plainly, please, signIn, tell } from "./lexora.mjs";

const closes = [];
const beats = { sent: 0, answered: 0, heard: 0 };
let isStale = false;
let socket;
let onAgain = async () => {};

const client = createClient({
  url: () => next("ws"),
  webSocketImpl: WebSocket,
  keepAlive: 30,
  shouldRetry: () => true,
  retryWait: async () => {},
  connectionParams: async () => {
    if (isStale) await signIn();
    isStale = false;
    return person.token ? { Authorization: `Bearer ${person.token}` } : {};
  },
  on: {
    connected(opened, _payload, isRetry) {
      socket = opened;
      if (isRetry) onAgain();
    },
    closed({ code }) {
      closes.push(code);
      isStale ||= code === 4403;
    },
    ping(isReceived) {
      beats[isReceived ? "heard" : "sent"] += 1;
    },
    pong(isReceived) {
      if (isReceived) beats.answered += 1;
    },
  },
});

async function* follow(query, variables) {
  for await (const { data, errors } of client.iterate({ query, variables })) {
    if (errors) throw errors;
    yield data;
  }
}

async function run(query, variables) {
  for await (const data of follow(query, variables)) return data;
}

const code = (running) => running.then(() => "none", ([{ extensions }]) => extensions.code);

const isLazy = socket === undefined;
const facts = { isLazy, ...(await arrive({ run, code })), ...(await bring({ run, upload: plainUpload, follow })) };
facts.closesOfUse = [...new Set(closes)];

// A token that is no good, a line that breaks, a session that ends, a server that goes down: in this order.
person.token = "stale";
const interruptions = [
  () => socket.terminate(),
  // Where it is signed out of, a session ends at once; elsewhere within seconds.
  () => plainly("Logout", {}, current()),
  () => please("drain", { server: current() }),
];
const heard = new Heard();
const messageId = await ask(run);
onAgain = () => please("open");
const variables = { messageId };
await new Promise((complete, error) => {
  client.subscribe(
    { query: operations.Answer, variables },
    {
      next({ data }) {
        const isCut = heard.take(data.answer);
        // The client sends what it was given once more: told where it stands, it goes on from there.
        variables.after = heard.after;
        if (isCut) interruptions.shift()();
      },
      error,
      complete,
    },
  );
});
tell({ ...facts, closes: closes.filter((each) => each !== 1000), beats, events: heard.events });
