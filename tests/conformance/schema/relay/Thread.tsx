// A conversation that is read from its end, and an answer that is followed while it is written.
import { useMemo } from "react";
import { graphql, useFragment, useLazyLoadQuery, usePaginationFragment, useSubscription } from "react-relay";
import type { GraphQLSubscriptionConfig } from "relay-runtime";

import type { ThreadAnswerSubscription } from "./__generated__/ThreadAnswerSubscription.graphql";
import type { ThreadPaginationQuery } from "./__generated__/ThreadPaginationQuery.graphql";
import type { ThreadQuery } from "./__generated__/ThreadQuery.graphql";
import type { Thread_conversation$key } from "./__generated__/Thread_conversation.graphql";
import type { Thread_message$key } from "./__generated__/Thread_message.graphql";

export function Thread({ id }: { id: string }) {
  const { node } = useLazyLoadQuery<ThreadQuery>(
    graphql`
      query ThreadQuery($id: ID!) {
        node(id: $id) {
          ...Thread_conversation @alias(as: "conversation")
        }
      }
    `,
    { id },
  );
  return node?.conversation ? <Messages conversation={node.conversation} /> : <p>There is no such conversation.</p>;
}

function Messages({ conversation }: { conversation: Thread_conversation$key }) {
  const { data, hasPrevious, loadPrevious } = usePaginationFragment<ThreadPaginationQuery, Thread_conversation$key>(
    graphql`
      fragment Thread_conversation on Conversation
      @refetchable(queryName: "ThreadPaginationQuery")
      @argumentDefinitions(last: { type: "Int", defaultValue: 20 }, before: { type: "String" }, leafId: { type: "ID" }) {
        messages(last: $last, before: $before, leafId: $leafId)
          @connection(key: "Thread_messages", filters: ["leafId"]) {
          edges {
            node {
              id
              ...Thread_message
            }
          }
        }
      }
    `,
    conversation,
  );
  return (
    <section>
      {hasPrevious && <button onClick={() => loadPrevious(20)}>Earlier</button>}
      {data.messages.edges.map(({ node }) => (
        <Message key={node.id} message={node} />
      ))}
    </section>
  );
}

function Message({ message }: { message: Thread_message$key }) {
  const { content, status, citations } = useFragment(
    graphql`
      fragment Thread_message on Message {
        status
        content
        citations {
          marker
          quote
          verification
          document {
            id
            downloadUrl
          }
        }
      }
    `,
    message,
  );
  return (
    <article aria-busy={status === "GENERATING"}>
      {content}
      {citations.map(({ marker, quote, document }) => (
        <a key={marker} href={document?.downloadUrl}>
          [{marker}] {quote}
        </a>
      ))}
    </article>
  );
}

export function Following({ messageId, onText }: { messageId: string; onText: (text: string) => void }) {
  const config = useMemo<GraphQLSubscriptionConfig<ThreadAnswerSubscription>>(
    () => ({
      variables: { messageId },
      subscription: graphql`
        subscription ThreadAnswerSubscription($messageId: ID!, $after: String) {
          answer(messageId: $messageId, after: $after) {
            __typename
            ... on AnswerSources {
              cursor
              sources {
                marker
                filename
              }
            }
            ... on AnswerText {
              cursor
              offset
              text
            }
            ... on AnswerFinished {
              message {
                ...Thread_message
              }
            }
          }
        }
      `,
      onNext: (response) => {
        if (response?.answer.__typename === "AnswerText") onText(response.answer.text);
      },
    }),
    [messageId, onText],
  );
  useSubscription(config);
  return null;
}
