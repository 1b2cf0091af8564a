// graphql-request: queries, mutations and files; whoever cannot subscribe waits for an answer.

import { GraphQLClient } from "graphql-request";

import { arrive, bring, file, form, house, next, operations, person, please, tell } from "./lexora.mjs";

const client = new GraphQLClient(next("http"), { headers: () => person.headers });
// Without uploads of its own, it leaves the body to whoever makes the request.
const uploads = new GraphQLClient(next("http"), {
  requestMiddleware({ variables, ...request }) {
    const { input } = variables;
    const body = form(operations.UploadDocument, { input: { ...input, file: null } }, "variables.input.file", input.file);
    return { ...request, body, headers: { ...person.headers, "GraphQL-Require-Preflight": "1" } };
  },
});

const run = (query, variables) => client.request(query, variables);
const code = (running) => running.then(() => "none", ({ response }) => response.errors[0].extensions.code);
const upload = () => uploads.request(operations.UploadDocument, { input: { file: file() } });
const facts = { ...(await arrive({ run, code })), ...(await bring({ run, upload })) };

await please("answer");
for (let part = 1; part < house.parts.length; part += 1) await please("open");
const { sendMessage } = await run(operations.SendMessage, { input: { content: house.question, waitSeconds: 20 } });
const { message } = await run(operations.Message, { id: sendMessage.answer.id });
tell({ ...facts, answers: [sendMessage.answer, message].map(({ status, content }) => ({ status, content })) });
