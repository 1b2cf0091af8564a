/**
 * What lets the page do under a policy without 'unsafe-inline' and with Trusted Types; to be imported before all else.
 *
 * Style elements that libraries make carry the page's nonce. Style attributes, which Monaco writes into HTML, are read
 * under another name and set one by one afterwards: the policy leaves that way open, for only a script can go it.
 */
import DOMPurify from "dompurify";

const ATTRIBUTE = "data-lexora-style";
const TAG = /<[a-z][^>]*>/gi;

/** HTML whose style attributes have the other name; text between tags stays as it is. */
function renamed(html) {
  return html.replace(TAG, (tag) => tag.replace(/\sstyle=/g, ` ${ATTRIBUTE}=`));
}

/** At once, not in an observer: Monaco measures what it has just written. */
function setStyles(root) {
  for (const element of root?.querySelectorAll(`[${ATTRIBUTE}]`) ?? []) {
    element.style.cssText = element.getAttribute(ATTRIBUTE);
    element.removeAttribute(ATTRIBUTE);
  }
}

/** The address of a script, if it is one of the bundle's. */
function ownScript(address) {
  const folder = new URL(".", import.meta.url);
  if (new URL(address, folder).href.startsWith(folder.href)) return address;
  throw new TypeError(`No script of the playground: ${address}`);
}

// Browsers that do not know Trusted Types take the texts themselves.
const policies = globalThis.trustedTypes ?? { createPolicy: (_name, rules) => rules };

/** For Monaco, which escapes what it shows, and for the workers. */
export const editorPolicy = policies.createPolicy("lexora-editor", { createHTML: renamed, createScriptURL: ownScript });

const purifierPolicy = policies.createPolicy("lexora-purifier", {
  createHTML: (html) => html,
  createScriptURL: ownScript,
});

// Everybody else's HTML, such as descriptions in the schema, is cleaned.
policies.createPolicy("default", {
  createHTML: (html) =>
    String(DOMPurify.sanitize(html, { FORBID_ATTR: ["style"], TRUSTED_TYPES_POLICY: purifierPolicy })),
  createScriptURL: ownScript,
});

const { get, set } = Object.getOwnPropertyDescriptor(Element.prototype, "innerHTML");
Object.defineProperty(Element.prototype, "innerHTML", {
  configurable: true,
  enumerable: true,
  get,
  set(html) {
    set.call(this, html);
    setStyles(this);
  },
});

const insert = Element.prototype.insertAdjacentHTML;
Element.prototype.insertAdjacentHTML = function insertAdjacentHTML(place, html) {
  insert.call(this, place, html);
  setStyles(["afterbegin", "beforeend"].includes(place.toLowerCase()) ? this : this.parentElement);
};

const { nonce } = document.querySelector("link[nonce]");
const create = Document.prototype.createElement;
Document.prototype.createElement = function createElement(name, ...options) {
  const element = create.call(this, name, ...options);
  if (element instanceof HTMLStyleElement) element.nonce = nonce;
  return element;
};
