/** The first tabs: an example of every feature, in the order in which one needs them. */
import ask from "./operations/ask.graphql";
import citations from "./operations/citations.graphql";
import collections from "./operations/collections.graphql";
import conversations from "./operations/conversations.graphql";
import createCollection from "./operations/create-collection.graphql";
import deleteCollection from "./operations/delete-collection.graphql";
import deleteDocument from "./operations/delete-document.graphql";
import documents from "./operations/documents.graphql";
import followAnswer from "./operations/follow-answer.graphql";
import node from "./operations/node.graphql";
import register from "./operations/register.graphql";
import search from "./operations/search.graphql";
import serverInfo from "./operations/server-info.graphql";
import signIn from "./operations/sign-in.graphql";
import upload from "./operations/upload.graphql";
import watchDocuments from "./operations/watch-documents.graphql";

function tab(query, variables) {
  return { query, variables: JSON.stringify(variables, null, 2) };
}

const somebody = { email: "you@example.org", password: "" };

export const tabs = [
  // The first must do without variables: GraphiQL shows it before it fills them in.
  { query: serverInfo },
  tab(register, { input: somebody }),
  tab(signIn, { input: somebody }),
  tab(upload, { input: { file: "$file1", tags: ["example"] } }),
  tab(watchDocuments, { documentIds: ["$document"], after: null }),
  tab(documents, { first: 2, after: null, filter: { status: ["READY"] } }),
  tab(search, { query: "What is this about?", first: 3 }),
  tab(ask, { input: { content: "What is this about?" } }),
  tab(followAnswer, { answerId: "$answer", after: null }),
  tab(citations, { answerId: "$answer" }),
  tab(conversations, { first: 5 }),
  tab(collections, { first: 20 }),
  tab(createCollection, { name: "Reports" }),
  tab(deleteCollection, { id: "$collection" }),
  tab(node, { id: "$answer" }),
  tab(deleteDocument, { id: "$document" }),
];
