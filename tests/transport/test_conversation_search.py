"""Finding conversations over HTTP: by words, page by page, one's own alone."""

from typing import Any

from tests.transport.api import Api, Client


async def asked(reader: Client, content: str) -> str:
    sent = await reader.run("SendMessage", input={"content": content, "waitSeconds": 20})
    return str(sent["conversation"]["id"])


def ids(page: dict[str, Any]) -> list[str]:
    return [edge["node"]["id"] for edge in page["edges"]]


class TestSearch:
    async def test_pages_hold_what_holds_the_words(self, api: Api) -> None:
        reader, stranger = await api.somebody(), await api.somebody()
        first = await asked(reader, "When does the CANTEEN open?")
        await asked(reader, "Who mends the boiler?")
        second = await asked(reader, "食堂は? And the canteen?")
        page = await reader.run("Conversations", first=1, search="canteen")

        assert (page["totalCount"], ids(page), page["pageInfo"]["hasNextPage"]) == (2, [second], True)
        rest = await reader.run("Conversations", first=1, after=page["pageInfo"]["endCursor"], search="canteen")
        assert (ids(rest), rest["pageInfo"]["hasNextPage"]) == ([first], False)
        assert ids(await reader.run("Conversations", search="食堂")) == [second]
        assert ids(await reader.run("Conversations", search="canteen boiler")) == []
        assert (await stranger.run("Conversations", search="canteen"))["totalCount"] == 0

    async def test_what_is_too_long_is_refused(self, api: Api) -> None:
        reader = await api.somebody()
        error = await reader.error("query($s: String) { conversations(search: $s) { totalCount } }", {"s": "x" * 201})

        assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["search"])
