"""Answers over several servers: cut, killed, drained, and their Redis emptied."""

import asyncio
import json
import signal
import time
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from contextlib import aclosing
from dataclasses import dataclass, replace
from pathlib import Path

import httpx
import pytest
import websockets
from redis.asyncio import Redis

from tests.adapters.made_files import pdf
from tests.end_to_end.client import PASSWORD, Client, Json
from tests.end_to_end.stack import Program, Stack
from tests.openai_server import Reply, ScriptedOpenAI, Signal

CANTEEN = "The canteen of the wombatorium opens at noon."
QUESTION = "When does the quokkateria of the wombatorium open?"
PIECES = [*(f"Piece {number} of the xylophonic answer. " for number in range(12)), "The end."]
TEXT = "".join(PIECES)
INTERRUPTED_SECONDS = 15.0
PANGOLIN: list[tuple[float, str]] = [
    (700, "All about the pangolin."),
    (600, "The pangolin of the museum sleeps until dusk."),
]


@dataclass(frozen=True)
class House:
    """Three servers over one database and one Redis; one is there to be killed, and the last test ends another."""

    stack: Stack
    provider: ScriptedOpenAI
    one: Program
    other: Program
    killed: Program
    folder: Path

    async def person(self) -> Client:
        """Return somebody new at the first server, who has one document."""
        client = Client(self.one.address)
        await client.register()
        await self.upload(client, CANTEEN)
        return client

    async def upload(self, client: Client, text: str) -> str:
        """Return the id of a new document that is READY."""
        path = self.folder / "zebrafile.txt"
        await asyncio.to_thread(path.write_text, text)
        document = (await client.upload(path))["document"]
        states = await client.finished(document["id"])
        assert states[document["id"]]["status"] == "READY", states
        return str(document["id"])

    async def ask(self, client: Client, *steps: str | float | Signal) -> str:
        """Ask at the client's server and return the answer's id; the model says the steps."""
        self.provider.script(Reply(*steps))
        arrived = self.provider.next_request()
        sent = (await client.run("SendMessage", input={"content": QUESTION}))["sendMessage"]
        await arrived.wait()
        return str(sent["answer"]["id"])


@pytest.fixture(scope="module")
def provider() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI() as provider:
        yield provider


@pytest.fixture(scope="module")
async def house(
    postgres_url: str, provider: ScriptedOpenAI, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[House]:
    settings = {"OPENAI_BASE_URL": provider.url, "OPENAI_MODEL": "test-model", "LOG_LEVEL": "DEBUG"}
    async with Stack.open(postgres_url, SHUTDOWN_GRACE_SECONDS="2", **settings) as stack:
        apis = asyncio.gather(*(stack.start_api() for _ in range(3)))
        [one, other, killed], _ = await asyncio.gather(apis, stack.start_worker())
        yield House(stack, provider, one, other, killed, tmp_path_factory.mktemp("house"))


@pytest.fixture
async def person(house: House) -> AsyncIterator[Client]:
    house.provider.reset()
    person = await house.person()
    yield person
    await person.close()


class TestResuming:
    async def test_a_socket_cut_after_every_event_costs_nothing(self, house: House, person: Client) -> None:
        answer = await house.ask(person, *[step for piece in PIECES for step in (0.15, piece)])
        events: list[Json] = []
        while not events or events[-1]["__typename"] != "AnswerFinished":
            person.address = (house.one, house.other)[len(events) % 2].address
            events.append(await next_event(person, answer, events[-1]["cursor"] if events else None))
        assert text_of(events) == TEXT == events[-1]["message"]["content"]
        assert len(events) > 3
        assert [event["__typename"] for event in events].count("AnswerSources") == 1
        for event in events[:-1]:
            rest = await all_events(person, answer, event["cursor"])
            seen = text_of(events[: events.index(event) + 1])
            assert seen + "".join(one["text"] for one in rest if one["__typename"] == "AnswerText") == TEXT
            assert [one["__typename"] for one in rest].count("AnswerFinished") == 1
        assert await all_events(person, answer, events[-1]["cursor"]) == []

    async def test_an_emptied_redis_loses_and_doubles_nothing(self, house: House, person: Client) -> None:
        gates = [Signal(), Signal()]
        answer = await house.ask(person, *PIECES[:4], gates[0], *PIECES[4:8], gates[1], *PIECES[8:])
        watchers = [replace(person, address=server.address) for server in (house.one, house.other)]
        watching = [asyncio.ensure_future(all_events(watcher, answer)) for watcher in watchers]
        redis = Redis.from_url(house.stack.redis.url)
        for gate in gates:
            await asyncio.sleep(0.3)
            await redis.flushall()
            gate.set()
        await redis.aclose()
        for events in await asyncio.gather(*watching):
            assert text_of(events) == TEXT == events[-1]["message"]["content"]


class TestFreshness:
    async def test_who_has_seen_ready_finds_it_on_every_server(self, house: House, person: Client) -> None:
        for number in range(3):
            document = await house.upload(person, f"The narwhal {number} sleeps in the attic {number * 7}.")
            for server in (house.other, house.one):
                found = await replace(person, address=server.address).run("Search", query=f"narwhal {number} attic")
                assert found["search"]["hits"][0]["chunk"]["document"]["id"] == document

    async def test_what_is_deleted_is_unknown_on_every_server(self, house: House, person: Client) -> None:
        document = await house.upload(person, "The narwhal sleeps in the attic.")
        clients = [replace(person, address=server.address) for server in (house.other, house.one)]
        for client in clients:
            assert document in json.dumps(await client.run("Search", query="narwhal attic"))
        await person.run("DeleteDocument", id=document)
        for client in clients:
            assert document not in json.dumps(await client.run("Search", query="narwhal attic"))
            answer = await client.ask("Where does the narwhal sleep?")
            assert document not in json.dumps(answer)
            assert "narwhal sleeps" not in house.provider.chats[-1].prompt


class TestPlaces:
    async def test_a_citation_shows_where_its_words_stand(self, house: House, person: Client) -> None:
        accepted = await person.upload_bytes(pdf([(700, "Contents")], PANGOLIN), "pangolin.pdf")
        await person.finished(accepted["document"]["id"])
        house.provider.script(Reply("The pangolin of the museum sleeps until dusk [1]."))

        answer = await person.ask("Until when does the pangolin of the museum sleep?")

        for server in (house.one, house.other):
            client = replace(person, address=server.address)
            [citation] = (await client.run("CitationPlaces", id=answer["id"]))["message"]["citations"]
            [rect] = citation["rects"]
            assert (citation["page"], rect["page"]) == (2, 2)
            assert 595 < rect["bottom"] < 600 < rect["top"] < 615
            assert rect["left"] == pytest.approx(72, abs=2)
            picture = await person.http.get(citation["pageImageUrl"])
            assert (picture.status_code, picture.headers["content-type"]) == (200, "image/png")
            assert picture.content.startswith(b"\x89PNG")
        forged = citation["pageImageUrl"][:-1] + ("A" if citation["pageImageUrl"][-1] != "A" else "B")
        assert (await person.http.get(forged)).status_code == 404
        await person.run("DeleteDocument", id=accepted["document"]["id"])
        [citation] = (await person.run("CitationPlaces", id=answer["id"]))["message"]["citations"]
        assert (citation["rects"], citation["pageImageUrl"]) == ([], None)
        assert (await person.http.get(picture.url)).status_code == 404


class TestEnding:
    async def test_a_killed_server_leaves_an_interrupted_answer(self, house: House, person: Client) -> None:
        person.address = house.killed.address
        answer = await house.ask(person, *PIECES[:3], Signal())
        person.address = house.one.address
        async with aclosing(stream(person, answer)) as events:
            seen = [await anext(events), await anext(events)]
            started = time.monotonic()
            await house.killed.kill()
            seen += [event async for event in events]
        assert time.monotonic() - started < INTERRUPTED_SECONDS
        message = seen[-1]["message"]
        assert (message["status"], message["failure"]["code"]) == ("INTERRUPTED", "INTERRUPTED")
        assert text_of(seen) == message["content"] == "".join(PIECES[:3]).strip()

    async def test_a_server_goes_down_in_order(self, house: House, person: Client) -> None:
        person.address = house.other.address
        gate = Signal()
        finishing = await house.ask(person, *PIECES[:3], gate, *PIECES[3:])
        lasting = await house.ask(person, *PIECES[:3], Signal())
        async with person.socket() as socket, httpx.AsyncClient(trust_env=False) as http:
            watching = [asyncio.ensure_future(all_events(person, answer)) for answer in (finishing, lasting)]
            await asyncio.sleep(0.3)
            house.other.signal(signal.SIGTERM)
            await house.other.says("server_draining")
            assert (await http.get(f"{person.address}/ready")).status_code == 503
            gate.set()
            finished, interrupted = await asyncio.gather(*watching)
            with pytest.raises(websockets.ConnectionClosed) as closed:
                await socket.recv()
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1012
        assert text_of(finished) == TEXT
        assert finished[-1]["message"]["status"] == "COMPLETED"
        assert interrupted[-1]["message"]["status"] == "INTERRUPTED"
        assert text_of(interrupted) == interrupted[-1]["message"]["content"] == "".join(PIECES[:3]).strip()
        assert await house.other.process.wait() == 0
        person.address = house.one.address
        assert (await all_events(person, lasting))[-1]["message"]["status"] == "INTERRUPTED"


class TestSecrecy:
    async def test_nothing_that_was_said_is_in_logs_or_metrics(self, house: House, person: Client) -> None:
        await person.ask(QUESTION)
        refused = {
            "query": f'mutation {{ login(input: {{email: "a@b.example", password: "{PASSWORD}"}}) {{ __typename }} }}'
        }
        await person.post(refused)
        said = [program.output() for program in house.stack.programs]
        said.append((await person.http.get(f"{person.address}/metrics")).text)
        assert person.token is not None
        secrets = [
            PASSWORD,
            person.token,
            "wombatorium",
            "quokkateria",
            "xylophonic",
            "zebrafile",
            house.stack.settings["SECRET_KEY"],
        ]
        assert leaks(said, secrets) == []
        # The control: what is meant to be there is found.
        assert leaks(said, ["answer_finished", "document_processed", "lexora_"]) != []


def leaks(texts: list[str], secrets: list[str]) -> list[str]:
    """Return the lines that hold a secret."""
    return [line for text in texts for line in text.splitlines() if any(secret in line for secret in secrets)]


async def stream(client: Client, answer: str, after: str | None = None) -> AsyncGenerator[Json, None]:
    async with aclosing(client.subscribe("Answer", messageId=answer, after=after)) as events:
        async for event in events:
            yield event


async def next_event(client: Client, answer: str, after: str | None) -> Json:
    async with asyncio.timeout(20), aclosing(stream(client, answer, after)) as events:
        return await anext(events)


async def all_events(client: Client, answer: str, after: str | None = None) -> list[Json]:
    async with asyncio.timeout(30), aclosing(stream(client, answer, after)) as events:
        return [event async for event in events]


def text_of(events: list[Json]) -> str:
    """Return what a watcher has read, checking that each piece begins where the last one ended."""
    text = ""
    for event in events:
        if event["__typename"] == "AnswerText":
            assert event["offset"] == len(text)
            text += event["text"]
    return text
