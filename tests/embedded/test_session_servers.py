import asyncpg
from redis.asyncio import Redis
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine


class TestTheServersOfATestSession:
    async def test_postgres_is_18_and_asks_sqlalchemy_for_its_password(self, postgres_url: str) -> None:
        engine = create_async_engine(postgres_url.replace("postgresql://", "postgresql+asyncpg://"))
        async with engine.connect() as connection:
            version = (await connection.execute(text("SHOW server_version_num"))).scalar_one()
        await engine.dispose()

        assert int(version) // 10_000 == 18

    async def test_a_url_reaches_asyncpg_as_it_is(self, postgres_url: str) -> None:
        connection = await asyncpg.connect(postgres_url)
        name = await connection.fetchval("SELECT current_database()")
        await connection.close()

        assert name == "lexora"

    async def test_redis_answers(self, redis_url: str) -> None:
        client = Redis.from_url(redis_url)
        assert await client.ping() is True
        await client.aclose()
