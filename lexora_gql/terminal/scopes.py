"""Collections by the name that people know them by."""

from typing import Any

from lexora_gql.terminal.client import Client
from lexora_gql.terminal.errors import USAGE, CannotGoOn
from lexora_gql.terminal.plain_text import one_line

PAGE = 100


async def collection_id(client: Client, wanted: str) -> str:
    """Return the id of a collection that the caller may see.

    Args:
        client: The caller.
        wanted: An id, or a name; case counts only where it must.

    Raises:
        CannotGoOn: There is none, or several are called so.
    """
    collections = await _collections(client)
    for matches in (
        [each for each in collections if each["id"] == wanted],
        [each for each in collections if each["name"] == wanted],
        [each for each in collections if each["name"].casefold() == wanted.casefold()],
    ):
        if len(matches) == 1:
            return str(matches[0]["id"])
        if matches:
            ids = ", ".join(str(each["id"]) for each in matches)
            raise CannotGoOn(
                f"Several collections are called {one_line(wanted)}; name one by its id: {ids}.", exit_code=USAGE
            )
    names = ", ".join(one_line(each["name"]) for each in collections)
    raise CannotGoOn(f"There is no collection {one_line(wanted)}; there are: {names}.", exit_code=USAGE)


async def _collections(client: Client) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        page = (await client.execute("Collections", {"first": PAGE, "after": after}))["collections"]
        found += [edge["node"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            return found
        after = page["pageInfo"]["endCursor"]
