import asyncio
import threading
from collections import Counter
from dataclasses import replace
from typing import Literal

import pytest
from argon2 import PasswordHasher
from sqlalchemy import Update, event, select, update

from lexora_gql.accounts.attempts import Attempts
from lexora_gql.accounts.errors import InvalidCredentials, TooManyAttempts
from lexora_gql.accounts.models import AuditEntry, LoginAttempt, Password, Session, User
from lexora_gql.accounts.passwords import Passwords
from lexora_gql.accounts.service import AccountService, Client, SignedIn
from lexora_gql.errors import InvalidInput
from lexora_gql.storage.database import Database
from tests.accounts.conftest import Ledger, SetClock

CLIENT = Client("192.0.2.7", "Firefox/152.0")
PASSWORD = "tomato sunrise cabinet"
WRONG = "tomato sunrise cupboard"


class CountingHasher(PasswordHasher):
    """Counts what it verifies in full."""

    def __init__(self) -> None:
        super().__init__(time_cost=2, memory_cost=19 * 1024, parallelism=1)
        self.verifications = 0

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # argon2's own name
        self.verifications += 1
        return super().verify(hash, password)


class WaitingHasher(CountingHasher):
    """Verifies when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.is_asked, self.may_answer = threading.Event(), threading.Event()

    def verify(self, hash: str | bytes, password: str | bytes) -> Literal[True]:  # noqa: A002  # argon2's own name
        self.is_asked.set()
        assert self.may_answer.wait(30)
        return super().verify(hash, password)


@pytest.fixture
async def ann(accounts: AccountService) -> User:
    return (await accounts.register("Ann@example.org", PASSWORD, "Ann", client=CLIENT)).user


async def deactivate(database: Database, user: User) -> None:
    async with database.engine.begin() as connection:
        await connection.execute(update(User).where(User.id == user.id).values(is_active=False))


async def stored_hash(database: Database) -> str:
    async with database.engine.connect() as connection:
        return (await connection.execute(select(Password.hash))).scalar_one()


class TestLogin:
    @pytest.mark.parametrize("email", ["ann@example.org", " ANN@EXAMPLE.ORG ", "ａnn@example.org"])
    async def test_any_spelling_of_the_address_signs_in(self, accounts: AccountService, ann: User, email: str) -> None:
        signed_in = await accounts.login(email, PASSWORD, client=CLIENT)

        assert signed_in.user.id == ann.id
        assert (await accounts.authenticate(signed_in.access_token)).user_id == ann.id

    async def test_each_sign_in_is_a_session_of_its_own(
        self, accounts: AccountService, ann: User, ledger: Ledger
    ) -> None:
        first = await accounts.login(ann.email, PASSWORD, client=CLIENT)
        second = await accounts.login(ann.email, PASSWORD, client=CLIENT)

        assert first.session_id != second.session_id
        assert first.refresh_token != second.refresh_token
        assert await ledger.count(Session) == 3
        assert await ledger.audit() == [("LOGIN", "SUCCEEDED")] * 2 + [("REGISTER", "SUCCEEDED")]

    @pytest.mark.parametrize(
        ("email", "password"),
        [
            ("ann@example.org", WRONG),
            ("ann@example.org", ""),
            ("ann@example.org", PASSWORD + " "),
            ("ann@example.org", "x" * 100_000),
            ("ann@example.org", "\ud800"),
            ("ann@example.org", "tomato\x00sunrise"),
            ("bob@example.org", PASSWORD),
            ("bob@example.org", ""),
            ("no address", PASSWORD),
            ("", ""),
            ("ann\x00@example.org", PASSWORD),
            ("\ud800@example.org", PASSWORD),
            ("a" * 100_000, PASSWORD),
        ],
    )
    async def test_what_does_not_belong_together_opens_no_session(
        self, accounts: AccountService, ann: User, ledger: Ledger, email: str, password: str
    ) -> None:
        with pytest.raises(InvalidCredentials) as refused:
            await accounts.login(email, password, client=CLIENT)

        assert refused.value.message == ("Address and password do not belong together, or the account is not active.")
        assert await ledger.count(Session) == 1
        assert await ledger.audit() == [("LOGIN_FAILED", "REFUSED"), ("REGISTER", "SUCCEEDED")]

    async def test_an_inactive_user_is_refused_like_a_wrong_password(
        self, accounts: AccountService, ann: User, database: Database, ledger: Ledger
    ) -> None:
        await deactivate(database, ann)

        with pytest.raises(InvalidCredentials):
            await accounts.login(ann.email, PASSWORD, client=CLIENT)

        assert await ledger.count(Session) == 1

    async def test_a_failure_names_the_account_but_nobody_as_its_actor_nor_what_was_typed(
        self, accounts: AccountService, ann: User, database: Database
    ) -> None:
        for email in (ann.email, "my own passphrase, mistyped"):
            with pytest.raises(InvalidCredentials):
                await accounts.login(email, WRONG, client=CLIENT)

        query = select(AuditEntry).where(AuditEntry.action == "LOGIN_FAILED")
        async with database.engine.connect() as connection:
            entries = (await connection.execute(query)).all()
        assert {(entry.actor_id, entry.target) for entry in entries} == {(None, str(ann.id)), (None, None)}
        assert {entry.address for entry in entries} == {"192.0.2.7"}
        assert "passphrase" not in repr(entries)
        assert "cupboard" not in repr(entries)

    async def test_a_hash_of_older_parameters_is_replaced_by_the_way(
        self, accounts: AccountService, ann: User, database: Database
    ) -> None:
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
        async with database.engine.begin() as connection:
            await connection.execute(update(Password).values(hash=weak))

        with pytest.raises(InvalidCredentials):
            await accounts.login(ann.email, WRONG, client=CLIENT)
        assert await stored_hash(database) == weak
        await accounts.login(ann.email, PASSWORD, client=CLIENT)

        renewed = await stored_hash(database)
        assert renewed.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert (await accounts.login(ann.email, PASSWORD, client=CLIENT)).user.id == ann.id
        assert await stored_hash(database) == renewed

    async def test_an_unknown_address_costs_a_verification_like_a_known_one(
        self, accounts: AccountService, ann: User
    ) -> None:
        counting = CountingHasher()
        slow = replace(accounts, passwords=Passwords(counting))
        before = counting.verifications

        for email in (ann.email, "bob@example.org", "no address"):
            with pytest.raises(InvalidCredentials):
                await slow.login(email, WRONG, client=CLIENT)
        slow.close()

        assert counting.verifications - before == 3

    async def test_all_refusals_ask_the_database_the_same_number_of_questions(
        self, accounts: AccountService, ann: User, database: Database
    ) -> None:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        async def cost(email: str, password: str) -> int:
            statements.clear()
            with pytest.raises(InvalidCredentials):
                await accounts.login(email, password, client=CLIENT)
            return len(statements)

        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            wrong, unknown = await cost(ann.email, WRONG), await cost("bob@example.org", WRONG)
            await deactivate(database, ann)
            inactive = await cost(ann.email, PASSWORD)
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)

        assert wrong == unknown == inactive

    @pytest.mark.parametrize(
        "change", [update(User).values(is_active=False), update(Password).values(hash="$argon2id$another")]
    )
    async def test_what_changes_while_the_password_is_hashed_is_seen(
        self, accounts: AccountService, ann: User, database: Database, ledger: Ledger, change: Update
    ) -> None:
        hasher = WaitingHasher()
        slow = replace(accounts, passwords=Passwords(hasher))
        signing_in = asyncio.create_task(slow.login(ann.email, PASSWORD, client=CLIENT))
        assert await asyncio.to_thread(hasher.is_asked.wait, 30)
        async with database.engine.begin() as connection:
            await connection.execute(change)
        hasher.may_answer.set()

        with pytest.raises(InvalidCredentials):
            await signing_in
        slow.close()

        assert await ledger.count(Session) == 1
        assert ("LOGIN_FAILED", "REFUSED") in await ledger.audit()


class TestTooManyAttempts:
    async def test_ten_a_minute_are_judged_and_the_eleventh_waits(
        self, accounts: AccountService, ann: User, ledger: Ledger, clock: SetClock
    ) -> None:
        for _ in range(10):
            with pytest.raises(InvalidCredentials):
                await accounts.login(ann.email, WRONG, client=CLIENT)
            clock.advance(1)

        with pytest.raises(TooManyAttempts) as refused:
            await accounts.login(ann.email, PASSWORD, client=CLIENT)

        assert refused.value.retry_after_seconds == 50.0
        assert await ledger.count(Session) == 1
        assert await ledger.count(LoginAttempt) == 20
        assert Counter(await ledger.audit())["LOGIN_FAILED", "REFUSED"] == 10
        clock.advance(49.9)
        with pytest.raises(TooManyAttempts):
            await accounts.login(ann.email, PASSWORD, client=CLIENT)
        clock.advance(0.1)
        assert (await accounts.login(ann.email, PASSWORD, client=CLIENT)).user.id == ann.id

    async def test_thirty_at_once_get_ten_tries(self, accounts: AccountService, ann: User, ledger: Ledger) -> None:
        outcomes = await asyncio.gather(
            *(accounts.login(ann.email, WRONG, client=CLIENT) for _ in range(30)), return_exceptions=True
        )

        assert Counter(map(type, outcomes)) == {InvalidCredentials: 10, TooManyAttempts: 20}
        assert await ledger.count(LoginAttempt) == 20

    async def test_other_spellings_and_other_networks_are_counted_with_it(
        self, accounts: AccountService, ann: User
    ) -> None:
        spellings = ["ann@example.org", "ANN@example.org", " ann@example.org", "ａnn@example.org", "Ann@Example.ORG"]
        outcomes = await asyncio.gather(
            *(
                accounts.login(email, WRONG, client=Client(f"198.51.100.{number}"))
                for number, email in enumerate(spellings * 4)
            ),
            return_exceptions=True,
        )

        assert Counter(map(type, outcomes)) == {InvalidCredentials: 10, TooManyAttempts: 10}

    async def test_one_network_trying_many_addresses_is_stopped_and_others_are_not(
        self, accounts: AccountService, ann: User
    ) -> None:
        outcomes = await asyncio.gather(
            *(accounts.login(f"user{n}@example.org", WRONG, client=Client("203.0.113.9")) for n in range(15)),
            return_exceptions=True,
        )

        assert Counter(map(type, outcomes)) == {InvalidCredentials: 10, TooManyAttempts: 5}
        assert (await accounts.login(ann.email, PASSWORD, client=Client("203.0.113.10"))).user.id == ann.id

    async def test_an_ipv6_subscriber_is_one_network(self, accounts: AccountService) -> None:
        limited = replace(accounts, attempts=replace(accounts.attempts, limit=2))
        outcomes = [
            await asyncio.gather(
                limited.login(f"user{n}@example.org", WRONG, client=Client(address)), return_exceptions=True
            )
            for n, address in enumerate(
                ["2001:db8:1:2::1", "2001:db8:1:2:ffff::9", "2001:db8:1:2::3", "2001:db8:1:3::1", "::ffff:192.0.2.1"]
            )
        ]

        assert [type(outcome) for [outcome] in outcomes] == [
            *(InvalidCredentials, InvalidCredentials, TooManyAttempts, InvalidCredentials, InvalidCredentials)
        ]

    async def test_what_is_stored_tells_neither_address(
        self, accounts: AccountService, ann: User, database: Database
    ) -> None:
        await accounts.login(ann.email, PASSWORD, client=CLIENT)

        async with database.engine.connect() as connection:
            keys = (await connection.execute(select(LoginAttempt.key))).scalars().all()
        assert sorted(map(len, keys)) == [32, 32]
        assert sorted(keys) == accounts.attempts.keys("ann@example.org", CLIENT)
        other = Attempts(type(accounts.attempts.signer)("another secret key, as long as this"), 10)
        assert set(keys).isdisjoint(other.keys("ann@example.org", CLIENT))

    async def test_old_attempts_are_cleared_away(
        self, accounts: AccountService, ann: User, clock: SetClock, ledger: Ledger
    ) -> None:
        for _ in range(3):
            assert isinstance(await accounts.login(ann.email, PASSWORD, client=CLIENT), SignedIn)
            clock.advance(61)

        assert await ledger.count(LoginAttempt) == 2

    async def test_registering_does_not_count(self, accounts: AccountService, ledger: Ledger) -> None:
        with pytest.raises(InvalidInput):
            await accounts.register("ann", PASSWORD, None, client=CLIENT)

        assert await ledger.count(LoginAttempt) == 0
