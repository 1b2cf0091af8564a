"""Reading text out of files: a sandbox, and a reader for each kind of file that runs inside it."""
