"""Stands in for the whole application where only the supervision is tested: `migrate`, `serve` and `work`."""

import asyncio
import os
import signal
import sys

import asyncpg
from redis.asyncio import Redis

ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s"


async def migrate() -> None:
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    await connection.execute("CREATE TABLE IF NOT EXISTS starts (at timestamptz DEFAULT now())")
    await connection.execute("INSERT INTO starts DEFAULT VALUES")
    await connection.close()


async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Answer any request with how often this data folder was started, once PostgreSQL and Redis are there."""
    await reader.readuntil(b"\r\n\r\n")
    connection = await asyncpg.connect(os.environ["DATABASE_URL"])
    starts = await connection.fetchval("SELECT count(*) FROM starts")
    await connection.close()
    client = Redis.from_url(os.environ["REDIS_URL"])
    await client.ping()
    await client.aclose()
    body = f"{starts} {os.environ['SECRET_KEY']} {os.environ['SHUTDOWN_GRACE_SECONDS']}".encode()
    writer.write(ANSWER % (len(body), body))
    await writer.drain()
    writer.close()


async def until_told() -> None:
    ended = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, ended.set)
    await ended.wait()


async def main(command: str) -> None:
    if command == "migrate":
        await migrate()
    elif command == "serve":
        async with await asyncio.start_server(answer, os.environ["HOST"], int(os.environ["PORT"])):
            await until_told()
    else:
        await until_told()
    print(f"{command} has ended in good order")


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1]))
