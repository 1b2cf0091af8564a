// graphql-sse in distinct connections mode: it comes again by itself, and says with Last-Event-ID where it stands.

import { createClient } from "graphql-sse";

import { Heard, arrive, ask, bring, current, here, next, observed, operations, person } from "./lexora.mjs";
import { plainUpload, please, tell } from "./lexora.mjs";

let lastEventId;
let connections = 0;

const client = createClient({
  url: () => next("http"),
  headers: () => ({ ...person.headers, ...(lastEventId && { "Last-Event-ID": lastEventId }) }),
  retry: async () => {},
  fetchFn: observed,
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
const facts = { ...(await arrive({ run, code })), ...(await bring({ run, upload: plainUpload, follow })) };

// A line that breaks, twice, and a server that goes down.
const interruptions = [() => observed.cut(), () => observed.cut(), () => please("drain", { server: current() })];
const heard = new Heard();
const messageId = await ask(run);
await new Promise((complete, error) => {
  client.subscribe(
    // `after` stays what it was: the header says more.
    { query: operations.Answer, variables: { messageId, after: null } },
    {
      next({ data }) {
        const isCut = heard.take(data.answer);
        lastEventId = heard.after;
        if (isCut) interruptions.shift()();
      },
      error,
      complete,
    },
    {
      connected(isRetry) {
        connections += 1;
        if (isRetry) please("open");
      },
    },
  );
});

// The library keeps ids to itself: what a browser's own EventSource would send back is looked at here.
const body = JSON.stringify({ query: operations.Answer, variables: { messageId } });
const headers = { ...person.headers, "content-type": "application/json", accept: "text/event-stream" };
const stream = await (await fetch(here("http"), { method: "POST", body, headers })).text();
const ids = [...stream.matchAll(/^id: (.*)$/gm)].map(([, id]) => id);
const isLines = !stream.includes("\r") && stream.endsWith("\n\n");
tell({ ...facts, events: heard.events, connections, ids, isLines });
