"""How long searches of a thousand small collections take that do not fit into memory together.

    python -m tests.benchmarks.many_collections [collections]

Each holds thirty passages, written straight into PostgreSQL; the index may take 256 MiB. After each was searched
once, a thousand searches of collections at random, one at a time. The limit: their 95th percentile is at most 50 ms.
"""

import asyncio
import random
import sys

import psutil

from lexora_gql.transport.graphql.ids import to_global_id
from tests.benchmarks.figures import Limit, line, percentile, spread
from tests.benchmarks.filling import questions
from tests.benchmarks.made_collection import Made, write
from tests.benchmarks.stand import open_stand, run
from tests.end_to_end.searching import Connection

COLLECTIONS = 1_000
PASSAGES_A_COLLECTION = 30
SEARCHES = 1_000
INDEX_MEBIBYTES = 256
P95_MILLISECONDS = 50.0
MEBIBYTE = 1024 * 1024


async def measure() -> bool:
    """Measure; returns whether the limit holds."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else COLLECTIONS
    made = await Made.of(count * PASSAGES_A_COLLECTION, seed=9)
    asked, chance = questions(200), random.Random(3)
    async with open_stand(INDEX_MEMORY_MIB=str(INDEX_MEBIBYTES)) as stand:
        stored = await write(stand.stack.database_url, made, collections=count)
        places = [str(to_global_id("Collection", place)) for place in stored]
        connection = Connection(stand.client.address, stand.client.token)
        process = psutil.Process(stand.api.process.pid)
        before = process.memory_info().rss
        # Ids that are not known are left out of a scope, and nothing is found fast.
        found_in = await asyncio.to_thread(connection.search, asked[0], collection=places[0])
        assert found_in["candidates"] == PASSAGES_A_COLLECTION, found_in["candidates"]
        first = [await _timed(connection, chance.choice(asked), place) for place in places]
        found = [await _timed(connection, chance.choice(asked), chance.choice(places)) for _ in range(SEARCHES)]
        grown = (process.memory_info().rss - before) / MEBIBYTE
    spread("first search of a collection, from PostgreSQL", first)
    spread("search of a collection at random", found)
    line("the API has grown by", grown, "MiB")
    return Limit("search of a collection at random, p95", percentile(found, 95), P95_MILLISECONDS, "ms").holds()


async def _timed(connection: Connection, question: str, place: str) -> float:
    return await asyncio.to_thread(connection.timed, question, collection=place)


if __name__ == "__main__":
    run("many collections", measure)
