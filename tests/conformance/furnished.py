"""Somebody with something of everything, for operations that would find nothing otherwise."""

from dataclasses import dataclass

from tests.transport.api import PASSWORD, Api, Client

TEXTS = {
    "invoices.md": "# Invoices\n\nInvoices are paid within 30 days.\n\n# Reminders\n\nReminders cost 5 euros.\n",
    "canteen.md": "# Canteen\n\nThe canteen opens at noon.\n\nOn Fridays it serves fish.\n",
    "leave.txt": "Leave is granted by the head of the department.\n",
}


@dataclass(frozen=True, slots=True)
class Furnished:
    """Somebody who is signed in, and what is theirs.

    Attributes:
        ids: Global ids by type.
        cursors: One of each kind of list that there is.
    """

    reader: Client
    ids: dict[str, str]
    cursors: tuple[str, ...]


async def furnish(api: Api, email: str) -> Furnished:
    """Return a new account with documents, a collection, and a conversation with an answer."""
    account = {"email": email, "password": PASSWORD}
    reader = Client(api.http, (await api.nobody().run("Register", input=account))["accessToken"])
    await reader.upload(*((name, text.encode()) for name, text in TEXTS.items()))
    await api.ingest()
    collection = (await reader.run("CreateCollection", name="Accounting"))["collection"]
    sent = await reader.run("SendMessage", input={"content": "When are invoices paid?", "waitSeconds": 20})
    documents = (await reader.run("Documents", first=1))["edges"]
    chunks = (await reader.run("DocumentChunks", id=documents[0]["node"]["id"], first=1))["chunks"]["edges"]
    conversations = (await reader.run("Conversations", first=1))["edges"]
    collections = (await reader.run("Collections", first=1))["edges"]
    ids = {
        "User": (await reader.run("Me"))["id"],
        "Collection": collection["id"],
        "Document": documents[0]["node"]["id"],
        "Chunk": chunks[0]["node"]["id"],
        "Conversation": sent["conversation"]["id"],
        "Message": sent["answer"]["id"],
    }
    cursors = tuple(edges[0]["cursor"] for edges in (documents, chunks, conversations, collections))
    return Furnished(reader, ids, (*cursors, await reader.run("DocumentFeedCursor")))
