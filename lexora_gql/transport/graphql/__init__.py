"""The GraphQL API: one module per domain, and what they share."""
