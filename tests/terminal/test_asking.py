import asyncio
import json
import signal

import pytest

from tests.openai_server import Reply, ScriptedOpenAI, Signal
from tests.terminal.conftest import CANTEEN
from tests.terminal.relay import Relay
from tests.terminal.running_server import RunningServer, lexora, start_command

QUESTION = "When does the canteen open?"
ANSWER = """The canteen opens at noon [1].

[1] canteen.md, “The canteen opens at noon.” exact
"""


@pytest.fixture(scope="module")
async def reader(server: RunningServer, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a command needs to speak for somebody who has the document."""
    file = tmp_path_factory.mktemp("documents") / "canteen.md"
    file.write_text(CANTEEN, encoding="utf-8")
    reader = {"LEXORA_URL": server.url, "LEXORA_TOKEN": await server.register("reader@example.com")}
    assert (await lexora("upload", str(file), environment=reader)).code == 0
    return reader


class TestAsking:
    async def test_the_answer_comes_with_what_backs_it(self, provider: ScriptedOpenAI, reader: dict[str, str]) -> None:
        provider.script(Reply("The canteen ", "opens at noon [1]."))

        done = await lexora("ask", QUESTION, environment=reader)

        assert (done.code, done.output, done.errors) == (0, ANSWER, "")

    async def test_a_stream_cut_again_and_again_gives_the_same_text(
        self, server: RunningServer, provider: ScriptedOpenAI, reader: dict[str, str]
    ) -> None:
        provider.script(Reply("The can", 0.3, "teen opens ", 0.3, "at noon [", 0.3, "1]."))

        async with Relay(server.url, cut_after=b"AnswerText", cuts_left=3) as relay:
            done = await lexora("ask", QUESTION, environment={**reader, "LEXORA_URL": relay.url})

        assert (done.code, done.output, done.errors) == (0, ANSWER, "")
        assert relay.sockets_cut >= 2

    async def test_programs_get_one_object(self, provider: ScriptedOpenAI, reader: dict[str, str]) -> None:
        provider.script(Reply("The canteen opens at noon [1]."))

        done = await lexora("ask", QUESTION, "--json", environment=reader)

        answer = json.loads(done.output)
        assert (done.code, answer["status"], answer["mode"]) == (0, "COMPLETED", "GENERATED")
        assert answer["content"] == "The canteen opens at noon [1]."
        assert [citation["quote"] for citation in answer["citations"]] == ["The canteen opens at noon."]

    async def test_a_conversation_is_gone_on_with(self, provider: ScriptedOpenAI, reader: dict[str, str]) -> None:
        provider.script(Reply("The canteen opens at noon [1]."))
        first = json.loads((await lexora("ask", QUESTION, "--json", environment=reader)).output)

        second = json.loads((await lexora("ask", "Lunch costs?", "--continue", "--json", environment=reader)).output)

        assert second["conversationId"] == first["conversationId"]
        assert second["id"] != first["id"]


class TestAskingInVain:
    async def test_without_evidence_it_ends_with_three(self, environment: dict[str, str]) -> None:
        done = await lexora("ask", QUESTION, environment=environment)

        assert (done.code, done.errors) == (3, "")
        assert done.output == "The documents do not answer this question: nothing was found in them that bears on it.\n"

    async def test_a_failure_is_said(self, provider: ScriptedOpenAI, reader: dict[str, str]) -> None:
        provider.script(Reply(status=400, error={"message": "no", "type": "invalid_request_error"}))

        done = await lexora("ask", QUESTION, environment=reader)

        assert (done.code, done.output, done.errors.count("\n")) == (1, "", 1)
        assert done.errors.startswith("lexora: ")
        assert done.errors.endswith("(MODEL_REJECTED)\n")

    async def test_there_is_nothing_to_go_on_with(self, environment: dict[str, str]) -> None:
        done = await lexora("ask", QUESTION, "--continue", environment=environment)

        assert (done.code, done.errors) == (
            2,
            "lexora: There is no conversation to go on with; ask without --continue.\n",
        )

    async def test_a_refused_question_is_said(self, environment: dict[str, str]) -> None:
        done = await lexora("ask", "  ", environment=environment)

        assert (done.code, done.output, done.errors.count("\n")) == (1, "", 1)


class TestStopping:
    async def test_ctrl_c_stops_the_answer_itself(self, provider: ScriptedOpenAI, reader: dict[str, str]) -> None:
        gate = Signal()
        provider.script(Reply("The canteen opens ", gate, "at noon [1]."))
        process = await start_command("ask", QUESTION, environment=reader)
        assert process.stdout is not None
        async with asyncio.timeout(60):
            seen = await process.stdout.readuntil(b"canteen")
            process.send_signal(signal.SIGINT)
            rest, errors = await process.communicate()

        # The provider's side of the connection closes: nobody goes on paying for what nobody reads.
        await provider.requests[-1].disconnected.wait()
        gate.set()
        assert (process.returncode, seen + rest, errors) == (130, b"The canteen opens\n", b"lexora: Stopped.\n")
