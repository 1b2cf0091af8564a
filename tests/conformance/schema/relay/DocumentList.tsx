// A list that loads more, takes in what is uploaded and lets go of what is deleted.
import { useState } from "react";
import { ConnectionHandler, graphql, useFragment, useMutation, usePaginationFragment } from "react-relay";

import type { DocumentListDeletionMutation } from "./__generated__/DocumentListDeletionMutation.graphql";
import type { DocumentListPaginationQuery } from "./__generated__/DocumentListPaginationQuery.graphql";
import type { DocumentList_query$key } from "./__generated__/DocumentList_query.graphql";
import type { DocumentList_row$key } from "./__generated__/DocumentList_row.graphql";
import type { DocumentListUploadMutation } from "./__generated__/DocumentListUploadMutation.graphql";

export function DocumentList({ query }: { query: DocumentList_query$key }) {
  const { data, hasNext, loadNext, isLoadingNext, refetch } = usePaginationFragment<
    DocumentListPaginationQuery,
    DocumentList_query$key
  >(
    graphql`
      fragment DocumentList_query on Query
      @refetchable(queryName: "DocumentListPaginationQuery")
      @argumentDefinitions(
        first: { type: "Int", defaultValue: 20 }
        after: { type: "String" }
        filter: { type: "DocumentFilter" }
        orderBy: { type: "DocumentOrder", defaultValue: CREATED_AT_DESC }
      ) {
        documents(first: $first, after: $after, filter: $filter, orderBy: $orderBy)
          @connection(key: "DocumentList_documents", filters: ["filter", "orderBy"]) {
          __id
          totalCount
          edges {
            node {
              id
              ...DocumentList_row
            }
          }
        }
      }
    `,
    query,
  );
  const [upload, isUploading] = useMutation<DocumentListUploadMutation>(graphql`
    mutation DocumentListUploadMutation($input: UploadDocumentInput!, $connections: [ID!]!) {
      uploadDocument(input: $input) {
        ... on DocumentAccepted {
          isDuplicate
          document @prependNode(connections: $connections, edgeTypeName: "DocumentEdge") {
            ...DocumentList_row
          }
        }
        ... on UserError {
          code
          message
        }
      }
    }
  `);
  const [refusal, setRefusal] = useState<string>();

  const connections = [data.documents.__id];
  const add = (file: File) =>
    upload({
      variables: { input: { file, tags: ["added"] }, connections },
      uploadables: { file },
      onCompleted: ({ uploadDocument: { code, message } }) => setRefusal(code ? `${code}: ${message}` : undefined),
    });
  return (
    <section aria-busy={isUploading || isLoadingNext}>
      <h1>{data.documents.totalCount} documents</h1>
      <input type="file" onChange={({ target }) => target.files?.[0] && add(target.files[0])} />
      <p role="alert">{refusal}</p>
      {data.documents.edges.map(({ node }) => (
        <DocumentRow key={node.id} document={node} connections={connections} />
      ))}
      <button onClick={() => refetch({ filter: { status: ["READY"] }, orderBy: "TITLE_ASC" })}>Ready only</button>
      {hasNext && <button onClick={() => loadNext(20)}>More</button>}
    </section>
  );
}

function DocumentRow({ document, connections }: { document: DocumentList_row$key; connections: string[] }) {
  const { id, title, byteSize, status, progress, failure } = useFragment(
    graphql`
      fragment DocumentList_row on Document {
        id
        title
        byteSize
        status
        progress {
          fraction
          etaSeconds
        }
        failure {
          code
          message
        }
      }
    `,
    document,
  );
  const [erase] = useMutation<DocumentListDeletionMutation>(graphql`
    mutation DocumentListDeletionMutation($id: ID!, $connections: [ID!]!) {
      deleteDocument(id: $id) {
        ... on DocumentErased {
          documentId @deleteEdge(connections: $connections) @deleteRecord
          chunksErased
        }
        ... on NotFound {
          message
        }
      }
    }
  `);
  const megabytes: string = (byteSize / 1e6).toFixed(1);
  return (
    <p>
      {title} ({megabytes} MB): {status === "FAILED" ? failure?.message : `${Math.round(progress.fraction * 100)} %`}
      <button onClick={() => erase({ variables: { id, connections } })}>Delete</button>
    </p>
  );
}

export const everyDocument = (root: string) => ConnectionHandler.getConnectionID(root, "DocumentList_documents");
