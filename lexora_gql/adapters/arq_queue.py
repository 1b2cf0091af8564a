"""The bell for workers, as a job of ARQ.

A job carries nothing: whoever hears it claims rows until none is left. So every ring has an id of its own (ARQ refuses
an id that is queued or in progress, and a ring that comes while one is in progress must not be lost), and above
RINGS_MAX waiting rings another one tells nobody anything new and is left out.
"""

import json
from contextlib import suppress
from typing import Any

from arq.connections import ArqRedis
from redis.asyncio.client import Pipeline

from lexora_gql.adapters.redis_connections import Circuit, RedisAway, bounded_pool

JOB_NAME = "process_document"
"""The one function of the worker; it takes no arguments beside ARQ's context."""

QUEUE_NAME = "lexora:jobs"

RINGS_MAX = 1_000

RING_SECONDS = 3_600
"""How long a ring is worth anything; the reconciler has rung again long before."""


def job_serializer(job: dict[str, Any]) -> bytes:
    """Return a job as JSON, so that whoever can write to Redis cannot run code in a worker.

    Of what JSON cannot hold (an exception in a job's result) only the type's name is kept: messages may hold text.
    """
    return json.dumps(job, default=lambda value: type(value).__name__).encode()


def job_deserializer(data: bytes) -> dict[str, Any]:
    """Return a job from JSON."""
    job: dict[str, Any] = json.loads(data)
    return job


def connect(
    url: str, *, queue_name: str = QUEUE_NAME, connections: int = 8, reply_seconds: float | None = None
) -> ArqRedis:
    """Return ARQ's client, for the queue below and as `redis_pool` of a worker; connects when first used.

    Args:
        url: redis://, rediss:// or unix://.
        queue_name: The sorted set that rings are put into.
        connections: At most.
        reply_seconds: For a worker, which has no other limit: after so long a frozen Redis counts as lost.

    ARQ's own `create_pool` blocks for seconds when Redis is away, and reads no password from unix:// addresses.
    """
    return _Client(
        bounded_pool(url, connections=connections, reply_seconds=reply_seconds),
        job_serializer=job_serializer,
        job_deserializer=job_deserializer,
        default_queue_name=queue_name,
    )


class _Pipeline(Pipeline):
    """Gives back its connection however it ends.

    One of redis-py that watches says UNWATCH when it ends; cancelled at that, or without an answer, it keeps its
    connection, and asyncio tells an error when it is collected.
    """

    async def reset(self) -> None:
        """End, and close a connection that UNWATCH was not heard on."""
        try:
            await super().reset()  # type: ignore[no-untyped-call]  # redis-py says no type there
        finally:
            connection, self.connection = self.connection, None
            if connection is not None:
                await connection.disconnect(nowait=True)
                await self.connection_pool.release(connection)


class _Client(ArqRedis):
    def pipeline(self, transaction: bool = True, shard_hint: str | None = None) -> Pipeline:  # noqa: FBT001, FBT002  # redis-py's
        return _Pipeline(self.connection_pool, self.response_callbacks, transaction, shard_hint)


class ArqQueue:
    """Rings by putting a job into ARQ's queue."""

    def __init__(self, url: str, *, queue_name: str = QUEUE_NAME) -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
            queue_name: The sorted set that workers read; theirs must be the same.
        """
        self._queue_name = queue_name
        self._redis = connect(url, queue_name=queue_name)
        self._circuit = Circuit()
        self._is_closed = False

    async def ring(self) -> None:
        """Say that there is work. Never raises: a lost ring is made good by the reconciler."""
        if self._is_closed:
            return
        with suppress(RedisAway):
            async with self._circuit.call():
                if await self._redis.zcard(self._queue_name) < RINGS_MAX:
                    await self._redis.enqueue_job(JOB_NAME, _expires=RING_SECONDS)

    async def depth(self) -> int | None:
        """Return how many rings wait to be heard; None while that cannot be known."""
        if self._is_closed:
            return None
        try:
            async with self._circuit.call():
                return int(await self._redis.zcard(self._queue_name))
        except RedisAway:
            return None

    async def aclose(self) -> None:
        """Close the connections."""
        self._is_closed = True
        await self._redis.aclose()
        await self._redis.connection_pool.aclose()
