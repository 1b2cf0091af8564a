"""What people use and may use, over HTTP: counted exactly, also when much is asked at once."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text
from sqlalchemy.dialects.postgresql import insert as upsert

from lexora_gql import clock
from lexora_gql.accounts.models import QuotaKind, QuotaLimit, Usage
from lexora_gql.accounts.usage import Standing, UsageRepository
from lexora_gql.adapters.offline.chat_model import ScriptedChatModel
from lexora_gql.conversations.models import Message
from lexora_gql.storage.database import Database
from tests.transport.api import Api, Client, serving, settings_for
from tests.transport.graphql.talks import store

QUESTION = "When does the canteen open?"
LEFT, AT_ONCE = 3, 50


@dataclass(frozen=True, slots=True)
class House:
    """A server that limits, and somebody at it who has a document."""

    api: Api
    reader: Client
    user_id: UUID
    database: Database

    async def ask(self, **more: object) -> Any:
        return await self.reader.run("SendMessage", input={"content": QUESTION, "waitSeconds": 20, **more})

    async def used(self, days: int = 30) -> Any:
        return await self.reader.run("Usage", days=days)

    async def has_used(self, day: datetime, **counts: int) -> None:
        """Put down what was used on a day."""
        row = upsert(Usage).values(user_id=self.user_id, day=day.date(), **counts)
        async with self.database.engine.begin() as connection:
            await connection.execute(row.on_conflict_do_update(index_elements=["user_id", "day"], set_=counts))

    async def messages(self) -> int:
        async with self.database.engine.connect() as connection:
            return len((await connection.execute(select(Message.id))).all())

    @property
    def model(self) -> ScriptedChatModel:
        model = self.api.process.adapters.model
        assert isinstance(model, ScriptedChatModel)
        return model


@pytest.fixture
async def house(database: Database, tmp_path: Path) -> AsyncIterator[House]:
    settings = settings_for(tmp_path, questions_per_day=LEFT, tokens_per_month=1_000, rate_limit_per_minute=1_000)
    async with serving(database, settings) as api:
        reader = await api.somebody()
        await reader.upload(("canteen.txt", b"The canteen opens at noon."))
        await api.ingest()
        viewer = await api.process.services.accounts.authenticate(reader.token or "")
        yield House(api, reader, viewer.user_id, database)


def kinds(results: list[dict[str, Any]]) -> dict[str, int]:
    names = [result["__typename"] for result in results]
    return {name: names.count(name) for name in names}


def midnight(days: int) -> str:
    today = clock.now().astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    return (today + timedelta(days=days)).isoformat().replace("+00:00", "Z")


async def ask_at_once(house: House) -> dict[str, int]:
    """Return how many of fifty questions at once had which result."""
    return kinds(await asyncio.gather(*(house.ask(waitSeconds=0) for _ in range(AT_ONCE))))


class TestQuestionsADay:
    async def test_of_fifty_at_once_exactly_so_many_go_through_as_are_left(self, house: House) -> None:
        assert await ask_at_once(house) == {"MessageSent": LEFT, "QuotaExceeded": AT_ONCE - LEFT}
        assert await house.messages() == 2 * LEFT
        assert (await house.used())["usage"]["questions"] == LEFT

    async def test_without_the_lock_more_would(self, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        async def read_first(self: UsageRepository, user_id: UUID) -> Standing:
            standing = await self.standing(user_id)
            await self.session.execute(
                text(
                    "INSERT INTO usage (user_id, day, questions) VALUES (:user, (now() AT TIME ZONE 'UTC')::date, 1) "
                    "ON CONFLICT (user_id, day) DO UPDATE SET questions = usage.questions + 1"
                ),
                {"user": user_id},
            )
            return standing

        monkeypatch.setattr(UsageRepository, "count_question", read_first)
        assert (await ask_at_once(house))["MessageSent"] > LEFT

    async def test_a_refusal_says_what_is_used_and_until_when_and_leaves_nothing(self, house: House) -> None:
        await house.has_used(clock.now(), questions=LEFT)

        refused = await house.ask()

        assert (refused["__typename"], refused["code"]) == ("QuotaExceeded", "QUOTA_EXCEEDED")
        assert (refused["limit"], refused["used"]) == (LEFT, LEFT)
        assert refused["resetsAt"].startswith(midnight(1)[:19])
        assert (await house.messages(), (await house.used())["usage"]["questions"]) == (0, LEFT)

    async def test_edits_and_regenerations_count(self, house: House) -> None:
        sent = await house.ask()
        edited = await house.reader.run("EditMessage", input={"id": sent["question"]["id"], "content": "And today?"})
        assert edited["__typename"] == "MessageSent"
        again = await house.reader.run("RegenerateAnswer", id=sent["answer"]["id"])
        assert again["__typename"] == "MessageSent"

        edited = await house.reader.run("EditMessage", input={"id": sent["question"]["id"], "content": "And then?"})
        again = await house.reader.run("RegenerateAnswer", id=sent["answer"]["id"])

        assert (edited["__typename"], again["__typename"]) == ("QuotaExceeded", "QuotaExceeded")

    async def test_a_retry_of_what_was_asked_counts_once_and_is_answered_when_nothing_is_left(
        self, house: House
    ) -> None:
        first = await asyncio.gather(*(house.ask(idempotencyKey="k", waitSeconds=0) for _ in range(10)))
        assert len({sent["answer"]["id"] for sent in first}) == 1
        for _ in range(LEFT - 1):
            await house.ask()

        assert (await house.ask())["__typename"] == "QuotaExceeded"
        assert (await house.ask(idempotencyKey="k"))["answer"]["id"] == first[0]["answer"]["id"]
        assert (await house.used())["usage"]["questions"] == LEFT

    async def test_what_was_refused_for_another_reason_is_not_counted(self, house: House) -> None:
        for more in ({"model": "none"}, {"content": " "}, {"parentId": "nonsense"}):
            assert (await house.ask(**more))["__typename"] != "MessageSent"

        assert (await house.used())["usage"]["questions"] == 0

    async def test_a_new_day_begins_at_nothing(self, house: House) -> None:
        await house.has_used(clock.now() - timedelta(days=1), questions=99)

        assert (await house.ask())["__typename"] == "MessageSent"

    async def test_limits_of_an_account_win(self, house: House) -> None:
        await store(house.database, QuotaLimit(user_id=house.user_id, kind=QuotaKind.QUESTIONS_PER_DAY, maximum=1))
        assert (await house.ask())["__typename"] == "MessageSent"
        assert ((await house.ask())["limit"], (await house.used())["quotas"][0]["limit"]) == (1, 1)
        other = await house.api.somebody()
        assert (await other.run("Usage"))["quotas"][0]["limit"] == LEFT


class TestTokensAMonth:
    async def test_what_the_provider_tells_is_counted_by_message_and_person(self, house: House) -> None:
        usages = [(await house.ask())["answer"]["usage"] for _ in range(2)]
        used = await house.used()

        for name in ("promptTokens", "completionTokens"):
            assert used["usage"][name] == sum(usage[name] for usage in usages) > 0
        total = used["usage"]["promptTokens"] + used["usage"]["completionTokens"]
        assert [quota["used"] for quota in used["quotas"]] == [2, total]

    async def test_nothing_is_asked_once_they_are_used_up(self, house: House) -> None:
        await house.has_used(clock.now(), prompt_tokens=900, completion_tokens=99)
        assert (await house.ask())["__typename"] == "MessageSent"

        refused = await house.ask()

        assert (refused["__typename"], refused["limit"]) == ("QuotaExceeded", 1_000)
        assert refused["used"] > 1_000
        assert refused["resetsAt"][8:19] == "01T00:00:00"
        assert refused["resetsAt"] > clock.now().isoformat()

    async def test_a_new_month_begins_at_nothing(self, house: House) -> None:
        last_month = clock.now().astimezone(UTC).replace(day=1) - timedelta(days=1)
        await house.has_used(last_month, prompt_tokens=5_000)

        assert (await house.ask())["__typename"] == "MessageSent"
        assert (await house.used(days=366))["usage"]["promptTokens"] > 5_000

    async def test_an_answer_that_is_stopped_costs_what_it_is_likely_to(self, house: House) -> None:
        house.model.script("The canteen opens at noon, as far as is known. ", asyncio.Event())
        sent = await house.ask(waitSeconds=0.5)
        assert sent["answer"]["usage"] is None
        await house.reader.run("StopAnswer", id=sent["answer"]["id"])
        stopped = await house.reader.run("Message", id=sent["answer"]["id"])

        assert stopped["status"] == "STOPPED"
        assert stopped["usage"]["promptTokens"] > 100
        assert stopped["usage"]["completionTokens"] == -(-len(stopped["content"]) // 4)
        assert (await house.used())["usage"]["completionTokens"] == stopped["usage"]["completionTokens"]


class TestUsage:
    async def test_it_is_of_so_many_days_and_of_nobody_else(self, house: House) -> None:
        now = clock.now().astimezone(UTC)
        await house.has_used(now, questions=1)
        await house.has_used(now - timedelta(days=1), questions=10)
        await house.has_used(now - timedelta(days=2), questions=100)

        assert [(await house.used(days))["usage"]["questions"] for days in (1, 2, 3)] == [1, 11, 111]
        other = await house.api.somebody()
        assert set((await other.run("Usage"))["usage"].values()) == {0}

    async def test_documents_are_counted_as_they_are_now(self, house: House) -> None:
        usage = (await house.used())["usage"]
        assert (usage["documents"], usage["storedBytes"], usage["embeddingTokens"]) == (1, 26, 7)

    @pytest.mark.parametrize("days", [0, 367])
    async def test_days_have_bounds(self, house: House, days: int) -> None:
        error = await house.reader.error(
            "query($days: Int!) { me { usage(days: $days) { questions } } }", {"days": days}
        )
        assert (error["extensions"]["code"], error["extensions"]["path"]) == ("INVALID_INPUT", ["days"])

    async def test_what_is_not_limited_is_no_quota(self, api: Api) -> None:
        reader = await api.somebody()
        assert (await reader.run("Usage"))["quotas"] == []
