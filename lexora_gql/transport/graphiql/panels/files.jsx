/** The panel "Files": files to be uploaded, and the ids that answers have held, each with a name for Variables. */
import { Button, CloseIcon, UnStyledButton } from "@graphiql/react";
import { useState } from "react";

import { addFiles, removeFile, useNames } from "../names.js";
import { useServer } from "../server.js";
import { useUpload } from "../uploads.js";
import { FilesIcon } from "./icons.jsx";

const UNITS = ["bytes", "KiB", "MiB", "GiB"];

function sizeOf(bytes) {
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), UNITS.length - 1);
  const value = bytes / 1024 ** power;
  return `${Number.isInteger(value) ? value : value.toFixed(1)} ${UNITS[power]}`;
}

// A file that is dropped beside its place would replace the page, and the session with it.
for (const kind of ["dragover", "drop"]) {
  addEventListener(kind, (event) => {
    if (event.dataTransfer?.types.includes("Files")) event.preventDefault();
  });
}

function DropZone() {
  const maxFileBytes = useServer((server) => server.maxFileBytes);
  const acceptedMediaTypes = useServer((server) => server.acceptedMediaTypes);
  const [isOver, setOver] = useState(false);
  return (
    <label
      className={isOver ? "lexora-drop lexora-over" : "lexora-drop"}
      onDragOver={() => setOver(true)}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        setOver(false);
        addFiles(event.dataTransfer.files);
      }}
    >
      <span>
        <strong>Choose files</strong> or drop them here
      </span>
      <input
        type="file"
        multiple
        className="lexora-hidden"
        onChange={(event) => {
          addFiles(event.target.files);
          // The same file may be chosen again.
          event.target.value = "";
        }}
      />
      {maxFileBytes !== null && <small>At most {sizeOf(maxFileBytes)} each</small>}
      {acceptedMediaTypes !== null && <small title={acceptedMediaTypes.join(", ")}>{wordsFor(acceptedMediaTypes)}</small>}
    </label>
  );
}

function wordsFor(mediaTypes) {
  const words = { "application/pdf": "PDF", "text/markdown": "Markdown", "text/plain": "text", "text/csv": "CSV", "text/html": "HTML" };
  const endings = { "wordprocessingml.document": "DOCX", "presentationml.presentation": "PPTX" };
  const ending = (type) => Object.keys(endings).find((end) => type.endsWith(end));
  return mediaTypes.map((type) => words[type] ?? endings[ending(type)] ?? type).join(", ");
}

function Standing({ name, file }) {
  const maxFileBytes = useServer((server) => server.maxFileBytes);
  const { names, share, outcomes } = useUpload();
  if (share !== null && names.includes(name)) {
    return (
      <>
        <progress value={share} aria-label={`${file.name} is being sent`} />
        {share === 1 ? "Sent; the server reads it" : `${Math.floor(share * 100)} %`}
      </>
    );
  }
  const outcome = outcomes[name];
  if (outcome) {
    return outcome.message ? <span className="lexora-problem">{outcome.message}</span> : "Sent: see the response";
  }
  if (maxFileBytes !== null && file.size > maxFileBytes) {
    return <span className="lexora-problem">Larger than {sizeOf(maxFileBytes)}: the server will not take it</span>;
  }
  return null;
}

function ChosenFile({ name, file }) {
  return (
    <li>
      <code>{name}</code>
      <span className="lexora-filename">
        {file.name} <small>{sizeOf(file.size)}</small>
      </span>
      <UnStyledButton type="button" aria-label={`Remove ${file.name}`} onClick={() => removeFile(name)}>
        <CloseIcon />
      </UnStyledButton>
      <div className="lexora-standing" role="status">
        <Standing name={name} file={file} />
      </div>
    </li>
  );
}

function Ids() {
  const ids = useNames((state) => state.ids);
  const entries = Object.entries(ids).sort();
  if (entries.length === 0) return <p>None so far: run something that gives ids.</p>;
  return (
    <dl className="lexora-ids">
      {entries.map(([name, value]) => (
        <div key={name}>
          <dt>
            <code>{name}</code>
          </dt>
          <dd title={value}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

function Files() {
  const files = useNames((state) => state.files);
  return (
    <section className="lexora-panel" aria-label="Files">
      <h2>Files</h2>
      <DropZone />
      <ul className="lexora-files" aria-label="Chosen files">
        {files.map(({ name, file }) => (
          <ChosenFile key={name} name={name} file={file} />
        ))}
      </ul>
      <p className="lexora-hint">
        In Variables, <code>"$file1"</code> stands for the file: see the tab Upload.
      </p>
      {files.length > 1 && (
        <Button type="button" onClick={() => files.forEach(({ name }) => removeFile(name))}>
          Remove all
        </Button>
      )}
      <h3>Newest ids</h3>
      <Ids />
      <p className="lexora-hint">
        In Variables, <code>"$document"</code> stands for the document that a response has named last, and so on.
      </p>
    </section>
  );
}

export const filesPanel = { title: "Files", icon: FilesIcon, content: Files };
