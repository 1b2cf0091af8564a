/**
 * Where GraphiQL keeps tabs, variables and history: until the browser's tab is closed.
 *
 * Variables may hold a password, so localStorage, which stays for ever, will not do. And the history keeps each
 * operation's headers whatever shouldPersistHeaders says, so they are taken out: they hold the token.
 */
const HISTORY = new Set(["graphiql:queries", "graphiql:favorites"]);

function withoutHeaders(text) {
  return JSON.stringify(JSON.parse(text), (key, value) => (key === "headers" ? undefined : value));
}

export const storage = {
  getItem: (key) => sessionStorage.getItem(key),
  setItem: (key, text) => sessionStorage.setItem(key, HISTORY.has(key) ? withoutHeaders(text) : text),
  removeItem: (key) => sessionStorage.removeItem(key),
  clear: () => sessionStorage.clear(),
  get length() {
    return sessionStorage.length;
  },
};
