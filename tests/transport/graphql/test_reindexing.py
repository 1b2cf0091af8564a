"""A reindex over the API: for administrators, who see totals."""

from sqlalchemy import update

from lexora_gql.accounts.models import User
from lexora_gql.storage.database import Database
from tests.transport.api import Api, Client

EMBEDDER = "hashing:words:64"


async def administrator(api: Api, database: Database) -> Client:
    """Return a client of an administrator."""
    client = await api.somebody()
    account = await client.run("Me")
    async with database.engine.begin() as connection:
        await connection.execute(update(User).where(User.email == account["email"]).values(role="ADMIN"))
    signed_in = await client.run("Login", input={"email": account["email"], "password": "correct horse battery staple"})
    return Client(api.http, signed_in["accessToken"])


class TestAnAdministrator:
    async def test_begins_and_watches_it_and_finds_it_again(self, api: Api, database: Database) -> None:
        admin, owner = await administrator(api, database), await api.somebody()
        await owner.upload(("invoices.md", b"# Invoices\n\nInvoices are paid within 30 days.\n"))
        await api.ingest()
        assert await admin.run("Reindex") is None

        began = await admin.run("StartReindex")
        again = await admin.run("StartReindex")
        while await api.process.upkeep.reembedding.step():
            pass
        ended = await admin.run("Reindex")

        reindex = began["reindex"]
        assert (began["__typename"], reindex["embedder"]) == ("ReindexStarted", EMBEDDER)
        assert (reindex["done"], reindex["total"], reindex["finishedAt"], reindex["failure"]) == (0, 1, None, None)
        assert (again["__typename"], again["code"]) == ("AlreadyRunning", "ALREADY_RUNNING")
        assert (ended["id"], ended["done"], ended["total"], ended["failure"]) == (reindex["id"], 1, 1, None)
        assert ended["finishedAt"] > ended["startedAt"]
        assert await admin.run("Node", id=reindex["id"]) == {"__typename": "Reindex", "id": reindex["id"]}


class TestAnybodyElse:
    async def test_is_refused_and_finds_nothing(self, api: Api, database: Database) -> None:
        admin, somebody = await administrator(api, database), await api.somebody()
        reindex_id = (await admin.run("StartReindex"))["reindex"]["id"]
        start = "mutation { startReindex { __typename } }"

        for client, code in ((somebody, "FORBIDDEN"), (api.nobody(), "UNAUTHENTICATED")):
            for document in ("{ reindex { id } }", start):
                assert (await client.error(document))["extensions"]["code"] == code
        assert await somebody.run("Node", id=reindex_id) is None
