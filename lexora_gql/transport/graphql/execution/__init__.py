"""From a request to its result: its document, what it may hold and costs, and its execution."""
