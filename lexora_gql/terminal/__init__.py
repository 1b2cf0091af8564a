"""The commands that speak to a server as any other client does, and the doctor. Knows no service and no storage."""
