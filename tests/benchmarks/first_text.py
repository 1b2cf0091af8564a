"""How long text takes from the model provider to a subscriber, beside a bare reader of the provider in the same run.

    python -m tests.benchmarks.first_text [answers]

The scripted provider notes when each piece left it. Answers are asked for one at a time, each followed by a bare
stream from the same provider, read by nothing but an HTTP client; then fifty at once at fifty tokens a second.
The limit: from the provider's first piece to the subscriber's first AnswerText at most 60 ms, by the median.
"""

import asyncio
import json
import sys
import tempfile
import time
from collections.abc import Sequence
from contextlib import aclosing
from pathlib import Path
from statistics import median

import httpx

from tests.benchmarks.figures import Limit, line, spread
from tests.benchmarks.stand import Stand, open_stand, run
from tests.end_to_end.client import Client
from tests.openai_server import Recorded, Reply, ScriptedOpenAI

FIRST_TEXT_MILLISECONDS = 60.0
ANSWERS = 30
TOKENS, TOKENS_A_SECOND = 100, 50
AT_ONCE, PEOPLE = 50, 5
TEXT = "The canteen opens at noon. Invoices are paid within 30 days. The shop closes at nine."
QUESTION = "When does the canteen open?"
# Nothing that looks like a marker, or the server would hold it back until it knows.
PIECES = [f"word{at} " for at in range(TOKENS)]


def reply(tokens: int = TOKENS) -> Reply:
    """Return an answer at fifty tokens a second."""
    return Reply(*[step for piece in PIECES[:tokens] for step in (1 / TOKENS_A_SECOND, piece)])


async def through_lexora(client: Client) -> list[tuple[float, int]]:
    """Ask and follow the answer; return when how many characters were there."""
    sent = (await client.run("SendMessage", input={"content": QUESTION}))["sendMessage"]
    assert sent["__typename"] == "MessageSent", sent
    seen: list[tuple[float, int]] = []
    async with aclosing(client.subscribe("Answer", messageId=sent["answer"]["id"])) as events:
        async for event in events:
            if event["__typename"] == "AnswerText":
                seen.append((time.monotonic(), event["offset"] + len(event["text"])))
            elif event["__typename"] == "AnswerFinished":
                assert event["message"]["status"] == "COMPLETED", event["message"]
    return seen


async def directly(http: httpx.AsyncClient, provider: ScriptedOpenAI) -> list[tuple[float, int]]:
    """Read a stream of the provider with nothing around it; return the same."""
    body = {"model": "test-model", "stream": True, "messages": [{"role": "user", "content": QUESTION}]}
    seen: list[tuple[float, int]] = []
    characters = 0
    async with http.stream("POST", f"{provider.url}/chat/completions", json=body) as response:
        async for row in response.aiter_lines():
            if row.startswith("data: {"):
                for choice in json.loads(row[6:])["choices"]:
                    if text := choice["delta"].get("content"):
                        characters += len(text)
                        seen.append((time.monotonic(), characters))
    return seen


def lags(record: Recorded, seen: Sequence[tuple[float, int]]) -> list[float]:
    """Return how many milliseconds each piece took from the provider until it was seen."""
    found = []
    place, arrivals = 0, iter(seen)
    at, known = next(arrivals)
    # What the provider sends first is the role, without text.
    for piece, sent_at in zip(PIECES, record.sent_at[1:], strict=False):
        place += len(piece)
        while known < place:
            at, known = next(arrivals)
        found.append((at - sent_at) * 1_000)
    return found


async def one_at_a_time(stand: Stand, http: httpx.AsyncClient, provider: ScriptedOpenAI, answers: int) -> float:
    """Print the lags of both; return the median of the first text's."""
    first: dict[str, list[float]] = {"bare": [], "lexora": []}
    every: dict[str, list[float]] = {"bare": [], "lexora": []}
    for at in range(answers + 1):
        for name in ("bare", "lexora"):
            provider.reset()
            provider.script(reply())
            seen = await (directly(http, provider) if name == "bare" else through_lexora(stand.client))
            [record] = provider.chats
            # The first of each warms the servers up.
            if at > 0:
                found = lags(record, seen)
                first[name].append(found[0])
                every[name] += found
    spread("first text, bare", first["bare"])
    spread("first text, Lexora", first["lexora"])
    spread("every token, bare", every["bare"])
    spread("every token, Lexora", every["lexora"])
    return median(first["lexora"])


async def many_at_once(stand: Stand, http: httpx.AsyncClient, provider: ScriptedOpenAI) -> None:
    """Print how long fifty answers take together, beside fifty bare streams and beside the provider's own pace."""
    people = [stand.client, *(Client(stand.client.address) for _ in range(PEOPLE - 1))]
    for person in people[1:]:
        await person.register()
        await upload(person)
    provider.script(*[reply() for _ in range(2 * AT_ONCE)])
    started = time.perf_counter()
    await asyncio.gather(*(directly(http, provider) for _ in range(AT_ONCE)))
    alone = time.perf_counter() - started
    provider.requests.clear()
    started = time.perf_counter()
    answers = await asyncio.gather(*(through_lexora(people[at % PEOPLE]) for at in range(AT_ONCE)))
    wall = time.perf_counter() - started
    ideal = TOKENS / TOKENS_A_SECOND
    line(f"{AT_ONCE} answers at once, ideal", ideal, "s")
    line(f"{AT_ONCE} answers at once, bare", alone, "s", f"{alone / ideal:.2f} times the ideal")
    line(f"{AT_ONCE} answers at once, Lexora", wall, "s", f"{wall / ideal:.2f} times the ideal")
    sent = [record.sent_at[-1] - record.sent_at[0] for record in provider.chats]
    line("  the provider took for one of them, median", median(sent), "s")
    behind = max(at for seen in answers for at, _ in seen) - max(record.sent_at[-1] for record in provider.chats)
    line("  the last text of all after the last piece of all", behind * 1_000)
    for person in people[1:]:
        await person.close()


async def upload(client: Client) -> None:
    """Give somebody something to ask about."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "house.txt"
        path.write_text(TEXT, encoding="utf-8")
        accepted = await client.upload(path)
    await client.finished(accepted["document"]["id"])


async def measure(answers: int) -> bool:
    """Measure; returns whether the limit holds."""
    with ScriptedOpenAI() as provider:
        settings = {"OPENAI_API_KEY": "key", "OPENAI_BASE_URL": provider.url, "OPENAI_MODEL": "test-model"}
        limits = httpx.Limits(max_connections=None)
        async with (
            open_stand(**settings) as stand,
            httpx.AsyncClient(timeout=120.0, trust_env=False, limits=limits) as http,
        ):
            await upload(stand.client)
            first = await one_at_a_time(stand, http, provider, answers)
            await many_at_once(stand, http, provider)
    return Limit("first text after the provider's, median", first, FIRST_TEXT_MILLISECONDS, "ms").holds()


def main() -> None:
    """Run as often as the command line says."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else ANSWERS
    run("first text", lambda: measure(count))


if __name__ == "__main__":
    main()
