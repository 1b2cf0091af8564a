"""Documents that clients send once."""

import hashlib

import pytest

from lexora_gql import persisted_documents
from lexora_gql.adapters.offline.shared_cache import InMemorySharedCache
from lexora_gql.persisted_documents import PersistedDocuments

TEXT = "query Viewer { viewer { id } } # 漢"


def hash_of(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


class Watched(InMemorySharedCache):
    """Remembers what was looked for."""

    def __init__(self) -> None:
        super().__init__()
        self.looked_for: list[str] = []

    async def get(self, owner: str, key: str) -> bytes | None:
        self.looked_for.append(key)
        return await super().get(owner, key)


@pytest.fixture
def cache() -> InMemorySharedCache:
    return InMemorySharedCache()


@pytest.fixture
def documents(cache: InMemorySharedCache) -> PersistedDocuments:
    return PersistedDocuments(cache)


class TestFinding:
    async def test_what_was_kept_is_found_by_the_same_owner_only(self, documents: PersistedDocuments) -> None:
        await documents.keep("user:1", hash_of(TEXT), TEXT)

        assert await documents.find("user:1", hash_of(TEXT)) == TEXT
        assert await documents.find("user:2", hash_of(TEXT)) is None

    async def test_another_server_finds_it_and_then_knows_it(
        self, documents: PersistedDocuments, cache: InMemorySharedCache
    ) -> None:
        await documents.keep("user:1", hash_of(TEXT), TEXT)
        other = PersistedDocuments(cache)

        assert await other.find("user:1", hash_of(TEXT)) == TEXT
        assert await other.find("user:2", hash_of(TEXT)) is None
        cache.go_away()
        assert await other.find("user:1", hash_of(TEXT)) == TEXT

    async def test_what_does_not_hash_to_its_name_is_not_believed(
        self, documents: PersistedDocuments, cache: InMemorySharedCache
    ) -> None:
        await cache.put("user:1", hash_of(TEXT), b"mutation { deleteAccount }", ttl_seconds=60)

        assert await documents.find("user:1", hash_of(TEXT)) is None

    @pytest.mark.parametrize("sha256", ["", "x", "\ud800", hash_of(TEXT).upper(), hash_of(TEXT) + "\n", "f" * 100_000])
    async def test_what_is_no_hash_is_not_looked_for(self, sha256: str) -> None:
        cache = Watched()

        assert await PersistedDocuments(cache).find("user:1", sha256) is None
        assert cache.looked_for == []


class TestKeeping:
    async def test_what_does_not_hash_to_its_name_is_not_kept(
        self, documents: PersistedDocuments, cache: InMemorySharedCache
    ) -> None:
        await documents.keep("user:1", hash_of(TEXT), TEXT + " ")

        assert await documents.find("user:1", hash_of(TEXT)) is None
        assert await cache.get("user:1", hash_of(TEXT)) is None

    async def test_half_a_character_does_no_harm(self, documents: PersistedDocuments) -> None:
        await documents.keep("user:1", hash_of("\ud800"), "\ud800")

        assert await documents.find("user:1", hash_of("\ud800")) == "\ud800"

    async def test_what_is_too_long_is_not_kept(self, documents: PersistedDocuments) -> None:
        largest, larger = "#" * 131_072, "#" * 131_073
        await documents.keep("user:1", hash_of(largest), largest)
        await documents.keep("user:1", hash_of(larger), larger)

        assert await documents.find("user:1", hash_of(largest)) == largest
        assert await documents.find("user:1", hash_of(larger)) is None

    async def test_without_the_cache_the_process_keeps_so_many(
        self, documents: PersistedDocuments, cache: InMemorySharedCache
    ) -> None:
        cache.go_away()
        texts = [f"# {number}" for number in range(persisted_documents.ENTRIES_MAX + 1)]
        for text in texts:
            await documents.keep("user:1", hash_of(text), text)
            # Read again and again, the first is never the one that was used least.
            assert await documents.find("user:1", hash_of(texts[0])) == texts[0]

        found = [text for text in texts if await documents.find("user:1", hash_of(text)) is not None]

        assert found == [texts[0], *texts[2:]]

    async def test_and_so_many_bytes_however_often_one_is_sent(
        self, documents: PersistedDocuments, cache: InMemorySharedCache
    ) -> None:
        cache.go_away()
        texts = [f"{number:03}" + "#" * 131_069 for number in range(33)]
        for text in texts[:32]:
            for _ in range(3):
                await documents.keep("user:1", hash_of(text), text)
        assert await documents.find("user:1", hash_of(texts[0])) == texts[0]

        await documents.keep("user:1", hash_of(texts[32]), texts[32])

        found = [text[:3] for text in texts if await documents.find("user:1", hash_of(text)) is not None]
        assert found == ["000", *[f"{number:03}" for number in range(2, 33)]]
