"""The files that clients build on: those made from the schema, and whether they still say what the server offers."""
