/** Sends what GraphiQL runs: queries, mutations and files over HTTP, subscriptions over WebSocket, all to /graphql. */
import { getOperationAST, parse } from "graphql";

import { learn, resolve } from "./names.js";
import { post } from "./server.js";
import { authorization, authorizationAfter } from "./session.js";
import { follow } from "./subscriptions.js";
import { upload } from "./uploads.js";

/**
 * What is to be run: its name, its kind and its variables' names.
 *
 * GraphiQL learns a moment after a tab was changed which operation it holds, so where there is one only, that is it.
 * What does not parse is for the server to complain about.
 */
function examine(query, operationName) {
  let operation = null;
  try {
    const document = parse(query);
    operation = getOperationAST(document) ?? getOperationAST(document, operationName);
  } catch {
    // Sent as it is.
  }
  return {
    name: operation === null ? operationName : operation.name?.value,
    isSubscription: operation?.operation === "subscription",
    declared: new Set(operation?.variableDefinitions?.map(({ variable }) => variable.name.value)),
  };
}

function headerIn(headers, wanted) {
  return Object.entries(headers).find(([name]) => name.toLowerCase() === wanted)?.[1];
}

function isUnauthenticated({ errors }) {
  return errors?.some(({ extensions }) => extensions?.code === "UNAUTHENTICATED") ?? false;
}

/** Send over HTTP; once more where the access token was no good any more. */
async function send(request, files, { headers, signal }) {
  const given = headerIn(headers, "authorization");
  const attempt = async (authorization) => {
    const options = { authorization, headers, signal };
    return files.length > 0 ? upload(request, files, options) : (await post(request, options)).result;
  };
  const first = given === undefined ? await authorization() : undefined;
  if (files.length > 0 && given === undefined && first === undefined) {
    // The server refuses such uploads before it reads them, which browsers report as a lost connection.
    throw new Error('Files are taken from people only: sign in, in the panel "Account".');
  }
  const result = await attempt(first);
  if (first === undefined || !isUnauthenticated(result)) return result;
  const second = await authorizationAfter(first);
  return second === undefined ? result : attempt(second);
}

function overHttp(request, files, headers) {
  return {
    subscribe(sink) {
      const abortion = new AbortController();
      send(request, files, { headers, signal: abortion.signal })
        .catch((error) => ({ errors: [{ message: error.message }] }))
        .then((result) => {
          if (abortion.signal.aborted) return;
          learn(result);
          sink.next(result);
          sink.complete();
        });
      return { unsubscribe: () => abortion.abort() };
    },
  };
}

function overWebSocket(request, declared, headers) {
  return {
    subscribe(sink) {
      const next = (result) => {
        learn(result);
        sink.next(result);
      };
      const given = headerIn(headers, "authorization");
      return { unsubscribe: follow(request, { declared, given, sink: { ...sink, next } }) };
    },
  };
}

export function fetcher({ query, operationName, variables }, options) {
  const headers = options?.headers ?? {};
  const { name, isSubscription, declared } = examine(query, operationName);
  // A tab's variables serve all its operations: what this one does not declare may stand for nothing yet.
  const own = Object.entries(variables ?? {}).filter(([each]) => declared.has(each));
  let resolved;
  try {
    resolved = resolve(Object.fromEntries(own));
  } catch (error) {
    return { errors: [{ message: `Not sent. ${error.message}` }] };
  }
  const request = { query, operationName: name, variables: resolved.variables };
  return isSubscription ? overWebSocket(request, declared, headers) : overHttp(request, resolved.files, headers);
}
