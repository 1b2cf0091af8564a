"""Lexora as one of the peers that a folder of benchmarks compares: how it is started and called, and nothing else.

    PYTHON -P tests/benchmarks/lexora_peer.py FOLDER PROGRAM [what the folder's own benchmarks take]

FOLDER holds `benchlib.py` with the loops that all peers share, PYTHON is one that has what that needs (aiohttp, orjson,
psutil), PROGRAM is Lexora's command. Lexora itself is not imported: it is driven as any other server.
"""

import asyncio
import json
import os
import secrets
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, cast

FOLDER, PROGRAM = Path(sys.argv[1]), sys.argv[2]
del sys.argv[1:3]
sys.path.insert(0, str(FOLDER))

import benchlib  # type: ignore[import-not-found]  # noqa: E402  # it is in the folder that the command line names

PORT = "9205"
GRAPHQL = f"http://127.0.0.1:{PORT}/graphql"
POLL_SECONDS = 0.05
# Nobody else is asked in so short a time by one person.
SETTINGS = {
    "OCR": "off",
    "LOG_LEVEL": "WARNING",
    "RATE_LIMIT_PER_MINUTE": "1000000",
    "QUERY_LIMIT_PER_MINUTE": "1000000",
    "UPLOAD_LIMIT_PER_MINUTE": "1000000",
    "QUERY_COST_BURST": "1000000000",
    "QUERY_COST_PER_MINUTE": "1000000000",
    "RETRIEVAL_K": "5",
    "OPENAI_BASE_URL": f"{benchlib.FAKE}/v1",
    "OPENAI_API_KEY": "x",
    "OPENAI_MODEL": "fake-chat",
}
REGISTER = "mutation($i: RegisterInput!) { register(input: $i) { ... on Authenticated { accessToken } } }"
UPLOAD = """mutation($i: UploadDocumentInput!) { uploadDocument(input: $i) {
  ... on DocumentAccepted { document { id } } ... on UserError { code message } } }"""
STATES = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Document { status } } }"
SEARCH = "query($q: String!) { search(query: $q, first: 10) { hits { chunk { text } } } }"
DELETE = "mutation($id: ID!) { deleteDocument(id: $id) { __typename } }"
ASK = """mutation($i: SendMessageInput!) { sendMessage(input: $i) {
  ... on MessageSent { conversation { id } answer { id } } } }"""
FOLLOW = "subscription($id: ID!) { answer(messageId: $id) { __typename ... on AnswerText { text } } }"
SAVED = "query($id: ID!) { conversation(id: $id) { messages(last: 2) { edges { node { role content } } } } }"
Json = dict[str, Any]


class Lexora(benchlib.Peer):  # type: ignore[misc]  # the folder's code has no types
    """Answers by the folder's stand-in for a model, and with LEXORA_EMBEDDER=openai embeds by it, too."""

    name = f"lexora-{os.environ.get('LEXORA_EMBEDDER', 'wordllama')}"
    health = f"http://127.0.0.1:{PORT}/ready"
    has_conversation = True
    data = FOLDER / "data" / "lexora"

    def command(self) -> list[str]:
        """Everything with one command, as the README has it."""
        return [PROGRAM, "up"]

    def env(self) -> dict[str, str]:
        """Settings beside the defaults."""
        own = {"PORT": PORT, "DATA_DIR": str(self.data), **SETTINGS}
        if self.name == "lexora-openai":
            own |= {"OPENAI_EMBEDDING_MODEL": "fake-embed", "OPENAI_EMBEDDING_DIMENSIONS": "256"}
        return own

    async def setup(self, http: Any) -> None:
        """Make an account."""
        person = {"email": f"{secrets.token_hex(8)}@example.org", "password": "correct horse battery staple"}
        answer = await self._run(http, REGISTER, i=person)
        http.headers["Authorization"] = f"Bearer {answer['register']['accessToken']}"

    async def ingest(self, http: Any, path: Path) -> str:
        """Upload; it is accepted then, and read in the background."""
        form = benchlib.aiohttp.FormData()
        form.add_field("operations", json.dumps({"query": UPLOAD, "variables": {"i": {"file": None}}}))
        form.add_field("map", '{"0": ["variables.i.file"]}')
        form.add_field("0", await asyncio.to_thread(path.read_bytes), filename=path.name)
        headers = {"GraphQL-Require-Preflight": "1"}
        async with http.post(GRAPHQL, data=form, headers=headers) as response:
            return str(_data(await response.json())["uploadDocument"]["document"]["id"])

    async def wait_ready(self, http: Any, doc_ids: list[str]) -> None:
        """Look again and again, as a script would."""
        while True:
            states = [node["status"] for node in (await self._run(http, STATES, ids=doc_ids))["nodes"]]
            assert "FAILED" not in states
            if set(states) == {"READY"}:
                return
            await asyncio.sleep(POLL_SECONDS)

    async def search(self, http: Any, query: str) -> list[str]:
        """Return the passages found."""
        hits = (await self._run(http, SEARCH, q=query))["search"]["hits"]
        return [hit["chunk"]["text"] for hit in hits]

    async def ask(self, http: Any, question: str, conversation: str | None = None) -> AsyncIterator[str]:
        """Ask, and follow the answer over Server-Sent Events."""
        given = {"content": question} | ({"conversationId": conversation} if conversation else {})
        answer = (await self._run(http, ASK, i=given))["sendMessage"]["answer"]
        body = {"query": FOLLOW, "variables": {"id": answer["id"]}}
        async with http.post(GRAPHQL, json=body, headers={"Accept": "text/event-stream"}) as response:
            response.raise_for_status()
            async for event in benchlib.sse(response):
                yield _data(event)["answer"].get("text", "")

    async def delete(self, http: Any, doc_id: str) -> None:
        """Delete a document."""
        await self._run(http, DELETE, id=doc_id)

    async def new_conversation(self, http: Any) -> str:
        """Begin one by a first question."""
        sent = (await self._run(http, ASK, i={"content": "What is this about?"}))["sendMessage"]
        return str(sent["conversation"]["id"])

    async def saved_answer(self, http: Any, conversation: str) -> str:
        """Return the newest answer."""
        found = (await self._run(http, SAVED, id=conversation))["conversation"]["messages"]["edges"]
        return " ".join(edge["node"]["content"] for edge in found if edge["node"]["role"] == "ASSISTANT")

    async def _run(self, http: Any, query: str, **variables: object) -> Json:
        async with http.post(GRAPHQL, json={"query": query, "variables": variables}) as response:
            return _data(await response.json())


def _data(body: Json) -> Json:
    assert not body.get("errors"), body["errors"]
    return cast("Json", body["data"])


if __name__ == "__main__":
    benchlib.main(Lexora())
