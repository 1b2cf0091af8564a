"""Calls on Redis of the same moment, sent together on one connection."""

import asyncio
import hashlib
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cache
from typing import Any

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from lexora_gql.adapters.redis_connections import Circuit, RedisAway, bounded_pool

COMMANDS_MAX = 200
"""Sent together; the rest waits for the next round."""

Command = tuple[bytes | str | int, ...]


@dataclass(frozen=True, slots=True)
class _Call:
    commands: Sequence[Command]
    replies: "asyncio.Future[list[Any]]"


class RedisCalls:
    """One connection for whatever a process asks of Redis: what comes while a round is on its way goes with the next.

    A hundred answers that are told and read at once would otherwise take a connection and a round trip each, and most
    of the server's time. A call alone is sent at once.
    """

    def __init__(self, url: str) -> None:
        """Prepare; nothing is connected before it is needed.

        Args:
            url: redis://, rediss:// or unix://.
        """
        self.pool = bounded_pool(url, connections=1)
        self._redis = Redis(connection_pool=self.pool)
        self._circuit = Circuit()
        self._waiting: deque[_Call] = deque()
        self._sending: asyncio.Task[None] | None = None

    @property
    def is_paused(self) -> bool:
        """Whether calls fail at once, since one failed a moment ago."""
        return self._circuit.is_paused

    async def call(self, *commands: Command) -> list[Any]:
        """Run commands one after another, and return their replies.

        Raises:
            RedisAway: Redis did not do it, or was not asked because it failed a moment ago.
            NoScriptError: Redis does not know the script.
        """
        if self.is_paused:
            raise RedisAway
        call = _Call(commands, asyncio.get_running_loop().create_future())
        self._waiting.append(call)
        if self._sending is None or self._sending.done():
            self._sending = asyncio.create_task(self._send(), name="redis calls")
        return await call.replies

    async def run_script(self, script: str, keys: Sequence[str], arguments: Sequence[bytes | str | int]) -> object:
        """Run a script and return its reply; Redis is taught it again where it has forgotten it.

        Raises:
            RedisAway: As above.
        """
        given = (len(keys), *keys, *arguments)
        try:
            [reply] = await self.call(("EVALSHA", _name_of(script), *given))
        except NoScriptError:
            [reply] = await self.call(("EVAL", script, *given))
        return reply

    async def aclose(self) -> None:
        """Close the connection; who still waits is told that Redis is away."""
        if self._sending is not None:
            self._sending.cancel()
            with suppress(asyncio.CancelledError):
                await self._sending
        await self._redis.aclose()
        await self.pool.aclose()

    async def _send(self) -> None:
        try:
            while self._waiting:
                await self._send_round()
        finally:
            # Nobody waits for ever for one who was told to end.
            _fail(self._waiting, RedisAway())
            self._waiting.clear()

    async def _send_round(self) -> None:
        calls = self._next_calls()
        try:
            async with self._circuit.call(), self._redis.pipeline(transaction=False) as pipe:
                for command in (command for call in calls for command in call.commands):
                    pipe.execute_command(*command)
                replies = await pipe.execute(raise_on_error=False)
                _require_done(replies)
        except RedisAway as error:
            _fail(calls, error)
            return
        except BaseException:
            _fail(calls, RedisAway())
            raise
        _answer(calls, replies)

    def _next_calls(self) -> list[_Call]:
        calls, commands = list[_Call](), 0
        while self._waiting and (not calls or commands + len(self._waiting[0].commands) <= COMMANDS_MAX):
            call = self._waiting.popleft()
            # Who has given up meanwhile needs nothing.
            if not call.replies.done():
                calls.append(call)
                commands += len(call.commands)
        return calls


@cache
def _name_of(script: str) -> str:
    # Redis calls scripts by this, as no secret.
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


def _require_done(replies: list[Any]) -> None:
    for reply in replies:
        if isinstance(reply, RedisError) and not isinstance(reply, NoScriptError):
            raise reply


def _answer(calls: Sequence[_Call], replies: list[Any]) -> None:
    place = 0
    for call in calls:
        own = replies[place : place + len(call.commands)]
        place += len(own)
        if call.replies.done():
            continue
        if forgotten := next((reply for reply in own if isinstance(reply, NoScriptError)), None):
            call.replies.set_exception(forgotten)
        else:
            call.replies.set_result(own)


def _fail(calls: Sequence[_Call] | deque[_Call], error: RedisAway) -> None:
    for call in calls:
        if not call.replies.done():
            call.replies.set_exception(error)
