"""What readers think of answers: kept, replaced, taken back."""

from typing import Any

import pytest

from tests.transport.api import Api, Client


async def asked(reader: Client) -> dict[str, Any]:
    sent = await reader.run("SendMessage", input={"content": "When does it open?", "waitSeconds": 20})
    assert isinstance(sent, dict)
    return sent


class TestRating:
    async def test_the_last_one_is_kept_until_it_is_taken_back(self, api: Api) -> None:
        reader = await api.somebody()
        sent = await asked(reader)
        answer = sent["answer"]["id"]
        assert (await reader.run("Message", id=answer))["feedback"] is None

        for rating, comment in (("UP", None), ("DOWN", "  Wrong 😀 page. "), ("DOWN", None)):
            given = await reader.run("RateMessage", id=answer, rating=rating, comment=comment)
            assert given["__typename"] == "MessageRated"
            read = await reader.run("Message", id=answer)
            assert given["rated"]["feedback"] == read["feedback"]
            assert (read["feedback"]["rating"], read["feedback"]["comment"]) == (rating, comment and comment.strip())
            assert read["feedback"]["at"] >= sent["answer"]["createdAt"]
        taken_back = await reader.run("RateMessage", id=answer)
        assert taken_back["rated"]["feedback"] is None
        assert (await reader.run("Message", id=answer))["feedback"] is None

    async def test_a_comment_has_2000_characters_at_most(self, api: Api) -> None:
        reader = await api.somebody()
        answer = (await asked(reader))["answer"]["id"]
        longest = "\U0001f600" * 2_000

        given = await reader.run("RateMessage", id=answer, rating="UP", comment=longest)
        assert given["rated"]["feedback"]["comment"] == longest

    @pytest.mark.parametrize(("rating", "comment"), [("DOWN", "x" * 2_001), (None, "Why?")])
    async def test_what_is_refused_changes_nothing(self, api: Api, rating: str | None, comment: str) -> None:
        reader = await api.somebody()
        answer = (await asked(reader))["answer"]["id"]
        await reader.run("RateMessage", id=answer, rating="UP", comment="Good.")
        refused = await reader.run("RateMessage", id=answer, rating=rating, comment=comment)

        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["comment"])
        assert (await reader.run("Message", id=answer))["feedback"]["comment"] == "Good."

    async def test_a_question_is_not_rated(self, api: Api) -> None:
        reader = await api.somebody()
        question = (await asked(reader))["question"]["id"]
        refused = await reader.run("RateMessage", id=question, rating="UP")

        assert (refused["code"], refused["path"]) == ("INVALID_INPUT", ["id"])
        assert (await reader.run("Message", id=question))["feedback"] is None

    async def test_nobody_rates_for_another(self, api: Api) -> None:
        reader = await api.somebody()
        answer = (await asked(reader))["answer"]["id"]

        assert (await (await api.somebody()).run("RateMessage", id=answer, rating="DOWN"))["code"] == "NOT_FOUND"
        assert (await reader.run("Message", id=answer))["feedback"] is None
