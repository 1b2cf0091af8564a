import asyncio
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from lexora_gql.accounts.errors import InvalidToken
from lexora_gql.accounts.models import AuditEntry, RefreshToken, Role, Session, User
from lexora_gql.accounts.service import AccountService, Client, SignedIn
from lexora_gql.accounts.tokens import new_refresh_token, refresh_hash, refresh_successors
from lexora_gql.errors import Unauthenticated
from lexora_gql.settings import load_settings
from lexora_gql.signing import Signer
from lexora_gql.storage.database import Database
from tests.accounts.conftest import NOON, SECRET, Ledger, SetClock

CLIENT = Client("192.0.2.7", "Firefox/152.0")


@pytest.fixture
async def signed_in(accounts: AccountService) -> SignedIn:
    return await accounts.register("ann@example.org", "tomato sunrise cabinet", None, client=CLIENT)


async def is_refused(accounts: AccountService, token: str) -> bool:
    try:
        await accounts.refresh(token, client=CLIENT)
    except InvalidToken:
        return True
    return False


class TestRefresh:
    async def test_a_token_is_exchanged_for_the_next(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock, ledger: Ledger
    ) -> None:
        clock.advance(3_600)
        renewed = await accounts.refresh(signed_in.refresh_token, client=CLIENT)

        assert renewed.user.id == signed_in.user.id
        assert renewed.session_id == signed_in.session_id
        assert renewed.refresh_token != signed_in.refresh_token
        assert renewed.access_token_expires_at == NOON + timedelta(minutes=90)
        assert renewed.refresh_token_expires_at == NOON + timedelta(days=7, hours=1)
        assert (await accounts.authenticate(renewed.access_token)).session_id == signed_in.session_id
        assert await ledger.count(Session) == 1

    async def test_a_chain_goes_on(self, accounts: AccountService, signed_in: SignedIn, clock: SetClock) -> None:
        tokens = [signed_in.refresh_token]
        for _ in range(5):
            clock.advance(60)
            tokens.append((await accounts.refresh(tokens[-1], client=CLIENT)).refresh_token)

        assert len(set(tokens)) == 6

    async def test_the_role_is_that_of_the_moment(
        self, accounts: AccountService, signed_in: SignedIn, database: Database
    ) -> None:
        async with database.engine.begin() as connection:
            await connection.execute(update(User).values(role=Role.ADMIN))

        assert (await accounts.refresh(signed_in.refresh_token, client=CLIENT)).user.role is Role.ADMIN

    @pytest.mark.parametrize(
        "token", ["", "lxr_", "x" * 47, "lxr_" + "A" * 43, "lxr_" + "ä" * 43, "lxr_\x00", "\ud800", "a" * 100_000]
    )
    async def test_what_was_never_issued_is_refused(
        self, accounts: AccountService, signed_in: SignedIn, ledger: Ledger, token: str
    ) -> None:
        with pytest.raises(InvalidToken) as refused:
            await accounts.refresh(token, client=CLIENT)

        assert refused.value.path == ("refreshToken",)
        assert await ledger.audit() == [("REGISTER", "SUCCEEDED")]
        assert not await is_refused(accounts, signed_in.refresh_token)

    async def test_seven_days_without_use_end_it(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock
    ) -> None:
        clock.advance(7 * 86_400)

        assert await is_refused(accounts, signed_in.refresh_token)

    async def test_an_inactive_user_gets_nothing(
        self, accounts: AccountService, signed_in: SignedIn, database: Database
    ) -> None:
        async with database.engine.begin() as connection:
            await connection.execute(update(User).values(is_active=False))

        assert await is_refused(accounts, signed_in.refresh_token)

    async def test_signing_out_ends_the_tokens_of_that_session_only(
        self, accounts: AccountService, signed_in: SignedIn
    ) -> None:
        other = await accounts.login("ann@example.org", "tomato sunrise cabinet", client=CLIENT)
        await accounts.logout(await accounts.authenticate(signed_in.access_token), everywhere=False)

        assert await is_refused(accounts, signed_in.refresh_token)
        assert not await is_refused(accounts, other.refresh_token)


class TestARetry:
    async def test_ten_at_once_are_given_the_same_successor(
        self, accounts: AccountService, signed_in: SignedIn, ledger: Ledger
    ) -> None:
        renewed = await asyncio.gather(*(accounts.refresh(signed_in.refresh_token, client=CLIENT) for _ in range(10)))

        assert len({each.refresh_token for each in renewed}) == 1
        assert {each.session_id for each in renewed} == {signed_in.session_id}
        assert await ledger.count(RefreshToken) == 2
        assert not await is_refused(accounts, renewed[0].refresh_token)

    async def test_within_ten_seconds_it_is_the_same_successor(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock
    ) -> None:
        first = await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        clock.advance(10)
        again = await accounts.refresh(signed_in.refresh_token, client=CLIENT)

        assert again.refresh_token == first.refresh_token
        assert again.refresh_token_expires_at == first.refresh_token_expires_at

    async def test_it_is_the_same_successor_when_the_keys_were_rotated_in_between(
        self, accounts: AccountService, signed_in: SignedIn, database: Database, clock: SetClock
    ) -> None:
        first = await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        settings = load_settings(secret_key="the next secret key, 32 bytes and more", secret_key_previous=SECRET)
        rotated = AccountService.from_settings(settings, database, clock=clock)

        again = await rotated.refresh(signed_in.refresh_token, client=CLIENT)
        rotated.close()

        assert again.refresh_token == first.refresh_token
        assert not await is_refused(accounts, again.refresh_token)


class TestReuse:
    async def test_after_ten_seconds_it_ends_the_whole_family(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock, database: Database
    ) -> None:
        renewed = await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        clock.advance(10.001)
        assert (await accounts.authenticate(renewed.access_token)).user_id == signed_in.user.id

        assert await is_refused(accounts, signed_in.refresh_token)

        assert await is_refused(accounts, renewed.refresh_token)
        with pytest.raises(Unauthenticated):
            await accounts.authenticate(renewed.access_token)
        async with database.engine.connect() as connection:
            entry = (await connection.execute(select(AuditEntry).where(AuditEntry.action == "REFRESH_REUSE"))).one()
        assert (entry.actor_id, entry.target) == (signed_in.user.id, str(signed_in.session_id))
        assert entry.outcome == "REFUSED"

    async def test_it_leaves_other_sessions_alone(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock
    ) -> None:
        other = await accounts.login("ann@example.org", "tomato sunrise cabinet", client=CLIENT)
        await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        clock.advance(11)

        assert await is_refused(accounts, signed_in.refresh_token)
        assert not await is_refused(accounts, other.refresh_token)
        assert (await accounts.authenticate(other.access_token)).session_id == other.session_id

    async def test_a_retry_whose_successor_was_used_is_reuse_however_soon(
        self, accounts: AccountService, signed_in: SignedIn
    ) -> None:
        second = await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        third = await accounts.refresh(second.refresh_token, client=CLIENT)

        assert await is_refused(accounts, signed_in.refresh_token)
        assert await is_refused(accounts, third.refresh_token)

    async def test_reuse_is_written_down_once(
        self, accounts: AccountService, signed_in: SignedIn, clock: SetClock, ledger: Ledger
    ) -> None:
        await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        clock.advance(11)

        refused = await asyncio.gather(*(is_refused(accounts, signed_in.refresh_token) for _ in range(10)))

        assert refused == [True] * 10
        assert (await ledger.audit()).count(("REFRESH_REUSE", "REFUSED")) == 1


class TestWhatAThiefCanDo:
    async def test_a_stolen_database_gives_no_token(
        self, accounts: AccountService, signed_in: SignedIn, database: Database
    ) -> None:
        async with database.engine.connect() as connection:
            stored = (await connection.execute(select(RefreshToken.hash))).scalars().all()

        assert stored == [refresh_hash(signed_in.refresh_token)]
        assert await is_refused(accounts, "lxr_" + stored[0].hex()[:43])

    async def test_a_used_token_does_not_tell_its_successor_without_the_key(
        self, accounts: AccountService, signed_in: SignedIn
    ) -> None:
        renewed = await accounts.refresh(signed_in.refresh_token, client=CLIENT)
        foreign = Signer("somebody else's key, 32 bytes and more")

        assert refresh_successors(foreign, signed_in.refresh_token) != (renewed.refresh_token,)
        assert refresh_successors(accounts.refresh_tokens.signer, signed_in.refresh_token) == (renewed.refresh_token,)

    def test_new_tokens_are_never_the_same(self) -> None:
        tokens = {new_refresh_token() for _ in range(1_000)}

        assert len(tokens) == 1_000
        assert {len(token) for token in tokens} == {47}

    async def test_another_lifetime_is_a_setting(self, accounts: AccountService, clock: SetClock) -> None:
        short = replace(accounts, refresh_tokens=replace(accounts.refresh_tokens, lifetime=timedelta(days=1)))
        signed_in = await short.register("ann@example.org", "tomato sunrise cabinet", None, client=CLIENT)

        assert signed_in.refresh_token_expires_at == clock.at + timedelta(days=1)
