import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import event, text, update

from lexora_gql.accounts.models import Role, Session, User
from lexora_gql.accounts.service import AccountService, Client, SignedIn
from lexora_gql.accounts.session_cache import LiveSession, SessionCache
from lexora_gql.accounts.viewer import Viewer
from lexora_gql.documents.models import CollectionAccess, CollectionMember
from lexora_gql.errors import Unauthenticated
from lexora_gql.settings import Settings
from lexora_gql.storage.database import Database, DatabaseAway
from tests.accounts.conftest import NOON, Ledger, SetClock
from tests.factories import Library

CLIENT = Client("192.0.2.7", "Firefox/152.0")
PASSWORD = "tomato sunrise cabinet"


@pytest.fixture
async def signed_in(accounts: AccountService) -> SignedIn:
    return await accounts.register("ann@example.org", PASSWORD, None, client=CLIENT)


@pytest.fixture
def elsewhere(settings: Settings, database: Database, clock: SetClock) -> AccountService:
    """The service of another process, with a cache of its own."""
    return AccountService.from_settings(settings, database, clock=clock)


async def is_refused(accounts: AccountService, token: str) -> bool:
    try:
        await accounts.authenticate(token)
    except Unauthenticated:
        return True
    return False


class TestAuthenticate:
    async def test_it_tells_who_is_asking(self, accounts: AccountService, signed_in: SignedIn) -> None:
        assert await accounts.authenticate(signed_in.access_token) == Viewer(
            user_id=signed_in.user.id,
            role=Role.USER,
            session_id=signed_in.session_id,
            expires_at=NOON + timedelta(minutes=30),
        )

    @pytest.mark.parametrize("token", ["", "a.b.c", "lxk_12345678_x", "x" * 5_000])
    async def test_what_is_no_token_is_refused(self, accounts: AccountService, token: str) -> None:
        with pytest.raises(Unauthenticated):
            await accounts.authenticate(token)

    async def test_a_refresh_token_is_no_access_token(self, accounts: AccountService, signed_in: SignedIn) -> None:
        assert await is_refused(accounts, signed_in.refresh_token)

    async def test_thirty_minutes_end_it_though_the_session_is_remembered(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock
    ) -> None:
        clock.advance(1_799)
        await accounts.authenticate(signed_in.access_token)
        clock.advance(1)

        assert await is_refused(accounts, signed_in.access_token)

    async def test_a_valid_token_for_somebody_elses_session_is_refused(
        self, accounts: AccountService, signed_in: SignedIn, library: Library
    ) -> None:
        other = await library.user()
        crossed, _ = accounts.access_tokens.issue(other.id, signed_in.session_id, Role.ADMIN, at=NOON)

        assert await is_refused(accounts, crossed)
        await accounts.authenticate(signed_in.access_token)
        assert await is_refused(accounts, crossed)

    async def test_a_valid_token_of_no_session_is_refused(self, accounts: AccountService, signed_in: SignedIn) -> None:
        invented, _ = accounts.access_tokens.issue(signed_in.user.id, uuid4(), Role.USER, at=NOON)

        assert await is_refused(accounts, invented)

    async def test_the_role_is_that_of_the_database_within_ten_seconds(
        self, accounts: AccountService, signed_in: SignedIn, database: Database, clock: SetClock
    ) -> None:
        await accounts.authenticate(signed_in.access_token)
        async with database.engine.begin() as connection:
            await connection.execute(update(User).values(role=Role.ADMIN))
        clock.advance(10)

        assert (await accounts.authenticate(signed_in.access_token)).role is Role.ADMIN

    async def test_who_is_made_inactive_is_out_within_ten_seconds(
        self, accounts: AccountService, signed_in: SignedIn, database: Database, clock: SetClock
    ) -> None:
        await accounts.authenticate(signed_in.access_token)
        async with database.engine.begin() as connection:
            await connection.execute(update(User).values(is_active=False))
        clock.advance(10)

        assert await is_refused(accounts, signed_in.access_token)

    async def test_a_hundred_requests_cost_one_look_at_the_database(
        self, accounts: AccountService, signed_in: SignedIn, database: Database
    ) -> None:
        statements: list[str] = []

        def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
            statements.append(statement)

        event.listen(database.engine.sync_engine, "before_cursor_execute", note)
        try:
            for _ in range(100):
                await accounts.authenticate(signed_in.access_token)
        finally:
            event.remove(database.engine.sync_engine, "before_cursor_execute", note)

        assert len([statement for statement in statements if "FROM sessions" in statement]) == 1

    async def test_a_database_that_is_away_is_no_wrong_token(
        self, accounts: AccountService, signed_in: SignedIn, tmp_path: Path
    ) -> None:
        absent = Database.connect(f"postgresql+asyncpg://lexora@/lexora?host={tmp_path}", pool_size=1, max_overflow=0)

        with pytest.raises(DatabaseAway):
            await replace(accounts, database=absent).authenticate(signed_in.access_token)
        with pytest.raises(Unauthenticated):
            await replace(accounts, database=absent).authenticate("a.b.c")
        await absent.dispose()


class TestLogout:
    async def test_this_process_refuses_the_token_at_once_and_others_within_ten_seconds(
        self, accounts: AccountService, elsewhere: AccountService, signed_in: SignedIn, clock: SetClock
    ) -> None:
        viewer = await accounts.authenticate(signed_in.access_token)
        await elsewhere.authenticate(signed_in.access_token)

        assert await accounts.logout(viewer, everywhere=False) == 1

        assert await is_refused(accounts, signed_in.access_token)
        assert not await is_refused(elsewhere, signed_in.access_token)
        clock.advance(10)
        assert await is_refused(elsewhere, signed_in.access_token)
        elsewhere.close()

    async def test_it_ends_one_session_or_all_of_ones_own(
        self, accounts: AccountService, signed_in: SignedIn, ledger: Ledger
    ) -> None:
        more = [await accounts.login("ann@example.org", PASSWORD, client=CLIENT) for _ in range(3)]
        bob = await accounts.register("bob@example.org", PASSWORD, None, client=CLIENT)
        viewer = await accounts.authenticate(more[0].access_token)

        assert await accounts.logout(viewer, everywhere=False) == 1
        assert not await is_refused(accounts, more[1].access_token)
        assert await accounts.logout(viewer, everywhere=True) == 3

        assert [await is_refused(accounts, each.access_token) for each in (signed_in, *more)] == [True] * 4
        assert (await accounts.authenticate(bob.access_token)).user_id == bob.user.id
        assert (await ledger.audit()).count(("LOGOUT", "SUCCEEDED")) == 2

    async def test_a_second_time_ends_nothing(
        self, accounts: AccountService, signed_in: SignedIn, ledger: Ledger
    ) -> None:
        viewer = await accounts.authenticate(signed_in.access_token)
        await accounts.logout(viewer, everywhere=False)

        assert await accounts.logout(viewer, everywhere=False) == 0
        assert await accounts.logout(viewer, everywhere=True) == 0
        assert (await ledger.audit()).count(("LOGOUT", "SUCCEEDED")) == 1

    async def test_without_a_session_only_everywhere_ends_any(
        self, accounts: AccountService, signed_in: SignedIn
    ) -> None:
        by_key = Viewer(signed_in.user.id)

        assert await accounts.logout(by_key, everywhere=False) == 0
        assert await accounts.logout(by_key, everywhere=True) == 1

    async def test_somebody_elses_session_is_not_ended(
        self, accounts: AccountService, signed_in: SignedIn, library: Library
    ) -> None:
        mallory = replace(await library.reader(), session_id=signed_in.session_id)

        assert await accounts.logout(mallory, everywhere=False) == 0
        assert not await is_refused(accounts, signed_in.access_token)

    async def test_a_look_up_that_began_before_it_is_not_remembered_after_it(
        self, accounts: AccountService, signed_in: SignedIn
    ) -> None:
        viewer = Viewer(signed_in.user.id, session_id=signed_in.session_id)

        await asyncio.gather(
            *(is_refused(accounts, signed_in.access_token) for _ in range(20)),
            accounts.logout(viewer, everywhere=False),
            *(is_refused(accounts, signed_in.access_token) for _ in range(20)),
        )

        assert await is_refused(accounts, signed_in.access_token)


class TestPeople:
    async def test_one_sees_oneself_and_those_one_shares_with(self, accounts: AccountService, library: Library) -> None:
        ann, bob, eve = [await library.user() for _ in range(3)]
        reader, stranger = await library.viewer(ann), await library.viewer(eve)
        shared = await library.personal_collection(await library.viewer(bob))
        await library.add(CollectionMember(collection_id=shared, user_id=ann.id, access=CollectionAccess.VIEWER))
        everyone = [ann.id, bob.id, eve.id, uuid4()]

        assert set(await accounts.people(reader, everyone)) == {ann.id, bob.id}
        assert set(await accounts.people(stranger, everyone)) == {eve.id}
        assert await accounts.people(reader, []) == {}
        assert (await accounts.people(reader, [bob.id]))[bob.id].email == bob.email

    async def test_me_is_the_viewers_own_account(self, accounts: AccountService, library: Library) -> None:
        user = await library.user(full_name="Ann Lee")

        assert (await accounts.me(await library.viewer(user))).full_name == "Ann Lee"

    async def test_me_of_a_deleted_account_is_signed_out(self, accounts: AccountService) -> None:
        with pytest.raises(Unauthenticated):
            await accounts.me(Viewer(uuid4()))


class TestTheCache:
    def live(self) -> LiveSession:
        return LiveSession(uuid4(), uuid4(), Role.USER, NOON)

    def test_it_forgets_after_ten_seconds_and_when_the_clock_goes_back(self, clock: SetClock) -> None:
        cache, live = SessionCache(clock), self.live()
        cache.put(live, cache.ticket())
        clock.advance(9.999)
        assert cache.get(live.session_id) == live

        clock.advance(0.001)
        assert cache.get(live.session_id) is None
        cache.put(live, cache.ticket())
        clock.advance(-1)
        assert cache.get(live.session_id) is None
        assert len(cache) == 0

    def test_the_least_recently_used_goes_first(self, clock: SetClock) -> None:
        cache = SessionCache(clock, entries_max=2)
        first, second, third = self.live(), self.live(), self.live()
        for live in (first, second):
            cache.put(live, cache.ticket())
        cache.get(first.session_id)
        cache.put(third, cache.ticket())

        assert [cache.get(live.session_id) for live in (first, second, third)] == [first, None, third]
        assert len(cache) == 2

    def test_an_answer_from_before_a_removal_is_not_kept(self, clock: SetClock) -> None:
        cache, live = SessionCache(clock), self.live()
        ticket = cache.ticket()
        cache.remove_session(live.session_id)
        cache.put(live, ticket)

        assert cache.get(live.session_id) is None

    def test_a_users_sessions_go_together(self, clock: SetClock) -> None:
        cache, one, other = SessionCache(clock), self.live(), self.live()
        for live in (one, replace(one, session_id=uuid4()), other):
            cache.put(live, cache.ticket())
        cache.remove_user(one.user_id)

        assert len(cache) == 1
        assert cache.get(other.session_id) == other


class TestWhatAViewerMayChange:
    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE users SET role = 'ADMIN'",
            "UPDATE users SET email_key = 'root@example.org'",
            "UPDATE users SET email_verified_at = now()",
            "UPDATE sessions SET expires_at = 'infinity'",
            "UPDATE sessions SET user_id = user_id",
            "INSERT INTO users SELECT * FROM users",
            "DELETE FROM users",
        ],
    )
    async def test_nobody_promotes_themselves(self, database: Database, library: Library, statement: str) -> None:
        reader = await library.reader()

        with pytest.raises(Exception, match=r"permission denied for table (users|sessions)"):
            async with database.transaction(reader) as session:
                await session.execute(text(statement))

    async def test_a_session_of_ones_own_may_be_ended(self, database: Database, library: Library) -> None:
        reader, other = await library.reader(), await library.reader()
        async with database.transaction(reader) as session:
            ended = (await session.scalars(update(Session).values(revoked_at=NOON).returning(Session.id))).all()

        assert ended == [reader.session_id]
        assert other.session_id not in ended
