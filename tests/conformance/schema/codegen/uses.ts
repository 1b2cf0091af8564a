// What an application does with what was generated: types that must hold, and one that must not.
import type { TypedDocumentNode } from "@graphql-typed-document-node/core";

import { useFragment } from "./documents";
import {
  AnswerDocument,
  DocumentsDocument,
  DocumentStateFragmentDoc,
  PageFragmentDoc,
  RefusedFragmentDoc,
  UploadDocumentDocument,
} from "./documents/graphql";
import type { AnswerSubscription, UploadDocumentMutation, UploadDocumentMutationVariables } from "./operations";
import type { DocumentStatus, ErrorCode } from "./schema-types";

declare function execute<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Data;
declare const file: File;

const page = execute(DocumentsDocument, { first: 10, filter: { status: ["READY"] }, orderBy: "TITLE_ASC" }).documents;
const rows = page.edges.map(({ node }) => useFragment(DocumentStateFragmentDoc, node));
const statuses: DocumentStatus[] = rows.map(({ status }) => status);
const bytes: number = rows.reduce((sum, { byteSize }) => sum + byteSize, 0);
const end: string | null | undefined = useFragment(PageFragmentDoc, page.pageInfo).endCursor;

const variables: UploadDocumentMutationVariables = { input: { file, tags: ["typed"] } };
const uploaded = execute(UploadDocumentDocument, variables).uploadDocument;
const refusal = uploaded.__typename === "DocumentAccepted" ? null : useFragment(RefusedFragmentDoc, uploaded);
const code: ErrorCode | undefined = refusal?.code;

export function told({ uploadDocument }: UploadDocumentMutation): string {
  return uploadDocument.__typename === "DocumentAccepted" ? uploadDocument.document.id : uploadDocument.message;
}

export function put(text: string, { answer }: AnswerSubscription): string {
  switch (answer.__typename) {
    case "AnswerSources":
      return text;
    case "AnswerText":
      return text.slice(0, answer.offset) + answer.text;
    case "AnswerFinished":
      return answer.message.content;
  }
}
execute(AnswerDocument, { messageId: "an id", after: null });

// @ts-expect-error  A status that the schema has not.
execute(DocumentsDocument, { filter: { status: ["LOST"] } });
// @ts-expect-error  The message is required.
execute(AnswerDocument, {});
// @ts-expect-error  A page is not the list itself.
page.length;

export { bytes, code, end, statuses };
