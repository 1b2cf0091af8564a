/** GraphiQL, with Lexora's address, first tabs and habits. */
import { GraphiQL } from "graphiql";
import { createRoot } from "react-dom/client";

import accounts from "./operations/accounts.graphql";
import documents from "./operations/documents.graphql";
import serverInfo from "./operations/server-info.graphql";
import { fetcher } from "./fetcher.js";
import { storage } from "./storage.js";
import "./workers.js";

const json = (value) => JSON.stringify(value, null, 2);

// The first tab must do without variables and headers: GraphiQL shows it before it fills in either.
const tabs = [
  { query: serverInfo },
  { query: accounts, variables: json({ input: { email: "you@example.org", password: "" } }) },
  {
    query: documents,
    variables: json({ question: "What do my documents say?", answerId: "" }),
    headers: json({ Authorization: "Bearer <accessToken>" }),
  },
];

createRoot(document.getElementById("playground")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    defaultTabs={tabs}
    defaultEditorToolsVisibility
    shouldPersistHeaders={false}
    inputValueDeprecation
    schemaDescription
  />,
);
