/** GraphiQL, with Lexora's address, panels and first tabs. */
import "./trust.js";
import "./workers.js";

import { pick, useGraphiQL } from "@graphiql/react";
import { GraphiQL, HISTORY_PLUGIN } from "graphiql";
import { useEffect } from "react";
import { createRoot } from "react-dom/client";

import { fetcher } from "./fetcher.js";
import { accountPanel } from "./panels/account.jsx";
import { filesPanel } from "./panels/files.jsx";
import { learnAboutServer } from "./server.js";
import { storage } from "./storage.js";
import { tabs } from "./tabs.js";

// One list for ever: GraphiQL opens the first panel anew whenever it gets another.
const panels = [accountPanel, filesPanel, HISTORY_PLUGIN];

// Without it the panels only know less.
learnAboutServer().catch((error) => console.info("Nothing is known of the server:", error.message));

const OPTIONS = { fontSize: 13, wordWrap: "on", wrappingIndent: "indent" };
const EDITORS = ["queryEditor", "variableEditor", "headerEditor", "responseEditor"];

/** Lets more be seen beside an open panel. */
function EditorHabits() {
  const editors = useGraphiQL(pick(...EDITORS));
  useEffect(() => {
    for (const editor of Object.values(editors)) editor?.updateOptions(OPTIONS);
  }, [editors]);
  return null;
}

createRoot(document.getElementById("playground")).render(
  <GraphiQL
    fetcher={fetcher}
    storage={storage}
    plugins={panels}
    visiblePlugin={accountPanel}
    defaultTabs={tabs}
    defaultEditorToolsVisibility
    shouldPersistHeaders={false}
    inputValueDeprecation
    schemaDescription
  >
    <GraphiQL.Logo>Lexora</GraphiQL.Logo>
    <EditorHabits />
  </GraphiQL>,
);
