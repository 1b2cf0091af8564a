/**
 * Names that stand for something in Variables: "$file1" for a chosen file, "$document" for the id of the newest one,
 * "$answerCursor" for the newest cursor that the field `answer` has given.
 *
 * Only whole values count, and only these names, so that every other text is sent as it is.
 */
import { create } from "zustand";

const KINDS = ["document", "answer", "conversation", "collection", "chunk"];
const CURSORS = ["cursor", "endCursor"];
// {documents: {edges: [{node: {id}}]}} is about documents.
const WRAPPINGS = ["edges", "node", "pageInfo"];
const NAME = new RegExp(`^\\$(file\\d+|${KINDS.join("|")}|[a-z]\\w*Cursor)$`);

/** `files`: [{name, file}] in their order; `ids`: values by their names. */
export const useNames = create(() => ({ files: [], ids: {} }));

export function addFiles(files) {
  useNames.setState((state) => {
    const added = [...state.files];
    for (const file of files) {
      let number = 1;
      while (added.some(({ name }) => name === `$file${number}`)) number += 1;
      added.push({ name: `$file${number}`, file });
    }
    return { files: added };
  });
}

export function removeFile(name) {
  useNames.setState((state) => ({ files: state.files.filter((each) => each.name !== name) }));
}

export function forgetIds() {
  useNames.setState({ ids: {} });
}

function collect(value, field, found) {
  if (Array.isArray(value)) {
    // The first of a list is the newest or the best, so it has the last word.
    for (const item of value.toReversed()) collect(item, field, found);
  } else if (value !== null && typeof value === "object") {
    for (const [key, inner] of Object.entries(value)) {
      if (CURSORS.includes(key) && typeof inner === "string") found[`$${field}Cursor`] = inner;
      else collect(inner, WRAPPINGS.includes(key) ? field : key, found);
    }
    const kind = field.replace(/s$/, "");
    if (KINDS.includes(kind) && typeof value.id === "string") found[`$${kind}`] = value.id;
  }
}

/** Remember the ids and cursors that a result holds, by the field that they came under. */
export function learn(result) {
  const found = {};
  collect(result.data, "", found);
  if (Object.keys(found).length > 0) useNames.setState((state) => ({ ids: { ...state.ids, ...found } }));
}

/**
 * Put in what the names stand for.
 *
 * Returns the variables, null where a file belongs, and the files: [{name, file, paths}], as "variables.input.file".
 */
export function resolve(variables) {
  const { files, ids } = useNames.getState();
  const used = new Map();
  const put = (value, path) => {
    if (Array.isArray(value)) return value.map((item, index) => put(item, `${path}.${index}`));
    if (value !== null && typeof value === "object") {
      return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, put(inner, `${path}.${key}`)]));
    }
    if (typeof value !== "string" || !NAME.test(value)) return value;
    const chosen = files.find(({ name }) => name === value);
    if (chosen) {
      used.set(value, { ...chosen, paths: [...(used.get(value)?.paths ?? []), path] });
      return null;
    }
    if (value in ids) return ids[value];
    throw new Error(
      value.startsWith("$file")
        ? `There is no ${value}: choose it in the panel "Files".`
        : `${value} stands for nothing yet: no response has held one.`,
    );
  };
  return { variables: put(variables ?? {}, "variables"), files: [...used.values()] };
}
