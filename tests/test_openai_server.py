"""The provider that tests and benchmarks talk to, spoken to by the vendor's own client."""

from collections.abc import AsyncIterator, Iterator

import pytest
from openai import AsyncOpenAI
from openai.types.chat import ChatCompletionUserMessageParam

from tests.openai_server import Reply, ScriptedOpenAI, answer_from_prompt


@pytest.fixture
def provider() -> Iterator[ScriptedOpenAI]:
    with ScriptedOpenAI(dimensions=16) as provider:
        yield provider


@pytest.fixture
async def client(provider: ScriptedOpenAI) -> AsyncIterator[AsyncOpenAI]:
    async with AsyncOpenAI(base_url=provider.url, api_key="none", max_retries=0) as client:
        yield client


PROMPT = """\
Cite like [1].
<source number="1" title="T">
Head
Invoices are paid in 30 days. More.
</source>
<source number="2" title="U">
Other text is here too.
</source>
<question>
When?
</question>"""


class TestChat:
    async def test_the_sdk_understands_stream_and_whole(self, provider: ScriptedOpenAI, client: AsyncOpenAI) -> None:
        provider.script(Reply("a", "b"), Reply("c", "d"))
        question: ChatCompletionUserMessageParam = {"role": "user", "content": "?"}

        stream = await client.chat.completions.create(model="m", messages=[question], stream=True)
        pieces = [chunk.choices[0].delta.content async for chunk in stream]
        whole = await client.chat.completions.create(model="m", messages=[question])

        assert pieces == ["", "a", "b", None]
        assert whole.choices[0].message.content == "cd"

    @pytest.mark.parametrize(
        ("prompt", "answer"),
        [
            (PROMPT, "Invoices are paid in 30 days. [1]"),
            ('<source number="1" title="T">\nshort\n</source>', "short [1]"),
            ("There are no sources.\n<question>\nWhen?\n</question>", "The sources do not say."),
            ("Conversation:\nUser: x\n<question>\nAnd then?\n</question>", "And then?"),
        ],
    )
    def test_without_a_script_it_answers_from_the_prompt(self, prompt: str, answer: str) -> None:
        assert answer_from_prompt(prompt) == answer


class TestTheRest:
    @pytest.mark.parametrize(("dimensions", "length"), [(8, 8), (None, 16)])
    async def test_texts_that_share_words_have_vectors_that_are_alike(
        self, client: AsyncOpenAI, dimensions: int | None, length: int
    ) -> None:
        texts = ["blue pump", "blue pump", "the canteen"]
        wanted = {"dimensions": dimensions} if dimensions else {}

        found = await client.embeddings.create(model="m", input=texts, extra_body=wanted)
        one, same, other = (item.embedding for item in found.data)

        assert len(one) == length
        assert one == same != other
        assert sum(value * value for value in one) == pytest.approx(1.0, abs=1e-5)

    async def test_it_lists_its_models(self, client: AsyncOpenAI) -> None:
        assert [model.id async for model in client.models.list()] == ["test-model"]
