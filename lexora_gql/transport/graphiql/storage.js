/**
 * Where GraphiQL keeps tabs, variables and history: until the browser's tab is closed, and without secrets.
 *
 * The history keeps each operation's headers whatever shouldPersistHeaders says, so they are taken out; and people
 * write passwords and tokens into Variables.
 */
const AS_JSON = new Set(["graphiql:tabState", "graphiql:queries", "graphiql:favorites"]);
const SECRET = /("?(?:password|accessToken|refreshToken)"?\s*:\s*)"(?:[^"\\]|\\.)*"/g;
const TOKEN = /\beyJ[\w-]+\.[\w-]+\.[\w-]+/g;
// Widths until somebody changes them: the panels need less than GraphiQL gives them, operations more.
const FIRST = { "graphiql:docExplorerFlex": "0.26", "graphiql:editorFlex": "1.1" };

function withoutSecrets(text) {
  return text.replace(SECRET, '$1""').replace(TOKEN, "");
}

function fit(key, text) {
  if (!AS_JSON.has(key)) return withoutSecrets(text);
  const clean = (name, value) => {
    if (name === "headers") return undefined;
    return typeof value === "string" ? withoutSecrets(value) : value;
  };
  return JSON.stringify(JSON.parse(text), clean);
}

export const storage = {
  getItem: (key) => sessionStorage.getItem(key) ?? FIRST[key] ?? null,
  setItem: (key, text) => sessionStorage.setItem(key, fit(key, text)),
  removeItem: (key) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length;
  },
};
