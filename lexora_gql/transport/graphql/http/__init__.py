"""GraphQL over HTTP: single results, event streams and multipart subscriptions."""
