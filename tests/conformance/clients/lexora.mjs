// What all clients' scripts share: the house they visit, what they ask of the test, and one person's errands in it.

import { randomUUID } from "node:crypto";
import { createInterface } from "node:readline";

const lines = createInterface({ input: process.stdin })[Symbol.asyncIterator]();

async function hear() {
  return JSON.parse((await lines.next()).value);
}

export const house = await hear();
export const operations = house.operations;

// Servers take turns, so that whoever connects again does so elsewhere.
let turns = 0;

/** The server that was named last. */
export function current() {
  return (turns - 1) % house.servers.length;
}

export function next(scheme) {
  turns += 1;
  return here(scheme);
}

export function here(scheme) {
  return `${scheme}://${house.servers[current()]}/graphql`;
}

/** Asks the test for something that no client can do, and waits until it is done. */
export async function please(what, details = {}) {
  console.log(JSON.stringify({ please: what, ...details }));
  await hear();
}

/** Reports what happened and ends. */
export function tell(facts) {
  process.stdout.write(`${JSON.stringify({ facts })}\n`, () => process.exit(0));
}

/** Whoever is signed in. */
export const person = {
  email: `${randomUUID()}@example.org`,
  token: undefined,
  get headers() {
    return this.token ? { authorization: `Bearer ${this.token}` } : {};
  },
};

/** The file to upload, as a browser's file input gives it. */
export function file() {
  return new File([house.file.text], house.file.name, { type: "text/markdown" });
}

async function post(body, headers, server = 0) {
  const url = `http://${house.servers[server]}/graphql`;
  const response = await fetch(url, { method: "POST", body, headers: { ...person.headers, ...headers } });
  const { data, errors } = await response.json();
  if (errors) throw new Error(JSON.stringify(errors));
  return data;
}

/** Runs an operation without any client, for what the client of a script has no way to do. */
export function plainly(name, variables, server) {
  return post(JSON.stringify({ query: operations[name], variables }), { "content-type": "application/json" }, server);
}

/** Real HTTP that can be looked at, and cut off in the middle of a response. */
export function observed(url, init) {
  const given = typeof init.body === "string" ? JSON.parse(init.body) : Object.fromEntries(new URL(url).searchParams);
  const request = { method: init.method, hasQuery: given.query !== undefined, hasHash: given.extensions !== undefined };
  const cutting = new AbortController();
  observed.cut = () => cutting.abort(new Error("cut off"));
  const signal = init.signal ? AbortSignal.any([init.signal, cutting.signal]) : cutting.signal;
  return fetch(url, { ...init, signal }).then((response) => {
    observed.requests.push({ ...request, status: response.status });
    return response;
  });
}
observed.requests = [];

/** What is pushed to a sink, to be iterated over; `start` is given the sink and returns how to stop. */
export async function* iterate(start) {
  const pending = [];
  let wake = () => {};
  const push = (item) => {
    pending.push(item);
    wake();
  };
  const stop = start({
    next: (value) => push({ value }),
    error: (error) => push({ error }),
    complete: () => push({ isDone: true }),
  });
  try {
    for (;;) {
      while (!pending.length) await new Promise((resolve) => (wake = resolve));
      const { value, error, isDone } = pending.shift();
      if (error) throw error;
      if (isDone) return;
      yield value;
    }
  } finally {
    stop();
  }
}

/** A request by the multipart request specification, for clients that leave making it to others. */
export function form(query, variables, path, content) {
  const body = new FormData();
  body.append("operations", JSON.stringify({ query, variables }));
  body.append("map", JSON.stringify({ 0: [path] }));
  body.append("0", content);
  return body;
}

export function plainUpload() {
  const body = form(operations.UploadDocument, { input: { file: null } }, "variables.input.file", file());
  return post(body, { "graphql-require-preflight": "1" });
}

export async function signIn() {
  const { login } = await plainly("Login", { input: { email: person.email, password: house.password } });
  person.token = login.accessToken;
}

/** Signs up and learns who it is; `run` gives an operation's data, `code` the code that it is refused with. */
export async function arrive({ run, code }) {
  const facts = { server: (await run(operations.ServerInfo)).serverInfo.name };
  facts.signedOut = await code(run(operations.Me));
  facts.invalid = await code(run("{ nothing }"));
  const input = { email: person.email, password: house.password };
  const { register } = await run(operations.Register, { input });
  person.token = register.accessToken;
  facts.isKnown = (await run(operations.Me)).me.email === person.email;
  facts.declined = (await run(operations.Login, { input: { ...input, password: "wrong" } })).login.__typename;
  return facts;
}

/** Uploads a file and, where the client subscribes, follows it until it is read. */
export async function bring({ run, upload, follow }) {
  const { documentFeedCursor } = await run(operations.DocumentFeedCursor);
  const { uploadDocument } = await upload();
  const { id, filename, byteSize } = uploadDocument.document;
  const facts = { uploaded: { type: uploadDocument.__typename, filename, byteSize } };
  if (!follow) {
    await please("ingest");
    facts.statuses = [(await run(operations.Document, { id })).document.status];
    return facts;
  }
  facts.statuses = [];
  for await (const { documentEvents } of follow(operations.DocumentEvents, { after: documentFeedCursor })) {
    const { status } = documentEvents.document;
    // Read while it is followed, not before.
    if (!facts.statuses.length) await please("ingest");
    if (facts.statuses.at(-1) !== status) facts.statuses.push(status);
    if (status === "READY") break;
  }
  return { id, ...facts };
}

/** Asks a question that the model answers part by part, each once it is asked for. */
export async function ask(run) {
  await please("answer");
  const { sendMessage } = await run(operations.SendMessage, { input: { content: house.question } });
  return sendMessage.answer.id;
}

/** What was heard of an answer. */
export class Heard {
  events = [];
  parts = 0;

  get after() {
    return this.events.at(-1)?.cursor;
  }

  /** Takes an event in; says whether it is the last of a part, after which nothing comes until it is asked for. */
  take(event) {
    this.events.push(event);
    const text = this.events.map((each) => each.text ?? "").join("");
    // White space at the end is kept back: it is none of the answer's if nothing follows.
    const isWhole = text.trimEnd() === house.parts.slice(0, this.parts + 1).join("").trimEnd();
    if (isWhole) this.parts += 1;
    return isWhole && this.parts < house.parts.length;
  }
}

/**
 * Hears an answer through a client that does not go on by itself: it is cut off after each part, asks elsewhere for what
 * comes after the last event, and only then is the next part written.
 */
export async function hearCutOff(messageId, follow, cut) {
  const heard = new Heard();
  const endings = [];
  while (heard.events.at(-1)?.__typename !== "AnswerFinished") {
    if (endings.length > house.parts.length) throw new Error(`No end, but ${endings}`);
    try {
      if (endings.length) await please("open");
      for await (const { answer } of follow(operations.Answer, { messageId, after: heard.after })) {
        if (heard.take(answer)) await cut();
      }
      endings.push("end");
    } catch (error) {
      endings.push(String(error));
    }
  }
  return { events: heard.events, endings };
}
