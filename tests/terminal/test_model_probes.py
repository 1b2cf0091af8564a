"""What the doctor finds out about the servers of models."""

from lexora_gql.settings import load_settings
from lexora_gql.terminal.findings import State
from lexora_gql.terminal.probes import chat_model
from tests.openai_server import ScriptedOpenAI


class TestChatModel:
    async def test_a_fallback_elsewhere_is_looked_for_there(self) -> None:
        with ScriptedOpenAI(models=("asked",)) as main, ScriptedOpenAI(models=("spare",)) as other:
            settings = load_settings(
                openai_base_url=main.url,
                openai_model="asked",
                openai_fallback_model="spare",
                openai_fallback_base_url=other.url,
            )
            found = await chat_model(settings)

        assert [(one.subject, one.state) for one in found] == [
            ("Chat model", State.GOOD),
            ("Fallback model", State.GOOD),
        ]

    async def test_one_at_the_same_address_is_looked_for_among_the_others(self) -> None:
        with ScriptedOpenAI(models=("asked",)) as main:
            settings = load_settings(openai_base_url=main.url, openai_model="asked", openai_fallback_model="spare")
            [found] = await chat_model(settings)

        assert (found.state, found.detail) == (State.DEGRADED, "answers, but does not list spare")
