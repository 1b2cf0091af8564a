import asyncio
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from typing import Literal
from uuid import uuid4

import pytest
from sqlalchemy import select

from lexora_gql.accounts.errors import EmailTaken, RegistrationClosed
from lexora_gql.accounts.models import AuditEntry, Password, RefreshToken, Role, Session, User
from lexora_gql.accounts.service import AccountService, Client, SignedIn
from lexora_gql.documents.models import Collection, CollectionAccess, Feed, Invitation
from lexora_gql.errors import InvalidInput
from lexora_gql.storage.database import Database
from tests.accounts.conftest import NOON, Ledger, SetClock
from tests.factories import Library

CLIENT = Client("192.0.2.7", "Firefox/152.0")
PASSWORD = "tomato sunrise cabinet"


def with_registration(accounts: AccountService, registration: Literal["invitation", "closed"]) -> AccountService:
    return replace(accounts, registration=registration)


async def invite(library: Library, email_key: str, *, in_days: int) -> None:
    host = await library.reader()
    await library.add(
        Invitation(
            id=uuid4(),
            email=email_key,
            email_key=email_key,
            collection_id=await library.personal_collection(host),
            access=CollectionAccess.VIEWER,
            expires_at=NOON + timedelta(days=in_days),
        )
    )


class TestRegister:
    async def test_it_makes_a_user_and_signs_them_in(self, accounts: AccountService) -> None:
        signed_in = await accounts.register(" Ann@Example.org ", PASSWORD, " Ann Lee ", client=CLIENT)

        user = signed_in.user
        assert (user.email, user.email_key, user.full_name) == ("Ann@Example.org", "ann@example.org", "Ann Lee")
        assert (user.role, user.is_active, user.email_verified_at) == (Role.USER, True, None)
        assert (user.created_at, user.updated_at) == (NOON, NOON)
        assert signed_in.access_token_expires_at == NOON + timedelta(minutes=30)
        assert signed_in.refresh_token_expires_at == NOON + timedelta(days=7)
        viewer = await accounts.authenticate(signed_in.access_token)
        assert (viewer.user_id, viewer.session_id) == (user.id, signed_in.session_id)

    async def test_collection_feed_password_session_and_audit_entry_come_with_it(
        self, accounts: AccountService, database: Database
    ) -> None:
        signed_in = await accounts.register("ann@example.org", PASSWORD, None, client=CLIENT)

        async with database.engine.connect() as connection:
            collection = (
                await connection.execute(select(Collection.owner_id, Collection.name, Collection.is_personal))
            ).one()
            feed = (await connection.execute(select(Feed.user_id, Feed.number))).one()
            password = (await connection.execute(select(Password.user_id, Password.hash))).one()
            session = (await connection.execute(select(Session.id, Session.user_agent))).one()
            entry = (await connection.execute(select(AuditEntry))).one()
        user_id = signed_in.user.id
        assert collection == (user_id, "Personal", True)
        assert feed == (user_id, 0)
        assert password.user_id == user_id
        assert password.hash.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert session == (signed_in.session_id, "Firefox/152.0")
        assert (entry.actor_id, entry.action, entry.target) == (user_id, "REGISTER", str(user_id))
        assert (entry.address, entry.user_agent, entry.at) == ("192.0.2.7", "Firefox/152.0", NOON)

    async def test_of_ten_at_once_exactly_one_wins(self, accounts: AccountService, ledger: Ledger) -> None:
        spellings = [
            "ann@example.org",
            "ANN@example.org",
            " Ann@Example.Org",
            "ａｎｎ@example.org",
            "aNN@EXAMPLE.ORG",
        ] * 2

        outcomes = await asyncio.gather(
            *(accounts.register(email, PASSWORD, None, client=CLIENT) for email in spellings), return_exceptions=True
        )

        assert Counter(map(type, outcomes)) == {EmailTaken: 9, SignedIn: 1}
        assert [await ledger.count(table) for table in (User, Password, Collection, Feed, Session)] == [1] * 5
        assert await ledger.audit() == [("REGISTER", "SUCCEEDED")]

    @pytest.mark.parametrize(
        ("email", "password", "full_name", "path"),
        [
            ("", PASSWORD, None, "email"),
            ("ann", PASSWORD, None, "email"),
            ("ann@example.org", "too short", None, "password"),
            ("ann@example.org", "passwordpassword", None, "password"),
            ("ann@example.org", "ann@example.org", None, "password"),
            ("ann@example.org", "Rosalind-Lee-1999", "Rosalind Lee", "password"),
            ("ann@example.org", "x" * 1_025, None, "password"),
            ("ann@example.org", PASSWORD, "n" * 201, "fullName"),
            ("ann@example.org", PASSWORD, "a\x00b", "fullName"),
        ],
    )
    async def test_what_is_out_of_bounds_leaves_nothing_behind(
        self, accounts: AccountService, ledger: Ledger, *, email: str, password: str, full_name: str | None, path: str
    ) -> None:
        with pytest.raises(InvalidInput) as refused:
            await accounts.register(email, password, full_name, client=CLIENT)

        assert refused.value.path == (path,)
        assert [await ledger.count(table) for table in (User, Session, AuditEntry)] == [0, 0, 0]

    async def test_a_taken_address_is_refused_and_the_account_keeps_its_password(
        self, accounts: AccountService, ledger: Ledger
    ) -> None:
        await accounts.register("ann@example.org", PASSWORD, None, client=CLIENT)

        with pytest.raises(EmailTaken):
            await accounts.register("Ann@example.org", "another good passphrase", None, client=CLIENT)

        assert await ledger.count(Session) == 1
        assert (await accounts.login("ann@example.org", PASSWORD, client=CLIENT)).user.email == "ann@example.org"

    async def test_no_secret_is_stored_as_it_is(self, accounts: AccountService, database: Database) -> None:
        signed_in = await accounts.register("ann@example.org", PASSWORD, None, client=CLIENT)

        stored = ""
        async with database.engine.connect() as connection:
            for table in (User, Password, Session, RefreshToken, AuditEntry):
                stored += repr((await connection.execute(select(table.__table__))).all())
        assert "Firefox/152.0" in stored
        assert PASSWORD not in stored
        assert signed_in.refresh_token not in stored
        assert signed_in.access_token not in stored


class TestWhoMayRegister:
    async def test_nobody_where_it_is_closed(self, accounts: AccountService, ledger: Ledger) -> None:
        with pytest.raises(RegistrationClosed):
            await with_registration(accounts, "closed").register("ann@example.org", PASSWORD, None, client=CLIENT)

        assert await ledger.count(User) == 0

    async def test_the_invited_where_it_is_by_invitation(
        self, accounts: AccountService, library: Library, ledger: Ledger
    ) -> None:
        by_invitation = with_registration(accounts, "invitation")
        await invite(library, "ann@example.org", in_days=1)
        await invite(library, "late@example.org", in_days=-1)

        for email in ("bob@example.org", "late@example.org"):
            with pytest.raises(RegistrationClosed):
                await by_invitation.register(email, PASSWORD, None, client=CLIENT)
        signed_in = await by_invitation.register("ANN@example.org", PASSWORD, None, client=CLIENT)

        assert signed_in.user.email_key == "ann@example.org"
        assert await ledger.count(User) == 3

    async def test_whether_an_address_is_taken_is_told_to_the_invited_only(
        self, accounts: AccountService, library: Library
    ) -> None:
        await library.user(email="ann@example.org")

        with pytest.raises(RegistrationClosed):
            await with_registration(accounts, "invitation").register("ann@example.org", PASSWORD, None, client=CLIENT)


class TestCreateAdmin:
    async def test_it_makes_an_administrator_where_registration_is_closed(
        self, accounts: AccountService, ledger: Ledger, clock: SetClock
    ) -> None:
        closed = with_registration(accounts, "closed")

        user = await closed.create_admin("root@example.org", PASSWORD)

        assert (user.role, user.email, user.created_at) == (Role.ADMIN, "root@example.org", clock.at)
        assert await ledger.count(Session) == 0
        assert await ledger.count(Collection) == 1
        assert await ledger.audit() == [("ADMIN_CREATED", "SUCCEEDED")]
        signed_in = await closed.login("root@example.org", PASSWORD, client=CLIENT)
        assert (await closed.authenticate(signed_in.access_token)).role is Role.ADMIN

    async def test_an_existing_account_is_not_promoted(
        self, accounts: AccountService, library: Library, ledger: Ledger
    ) -> None:
        user = await library.user(email="ann@example.org")

        with pytest.raises(EmailTaken):
            await accounts.create_admin("ann@example.org", PASSWORD)

        assert (await accounts.me(await library.viewer(user))).role is Role.USER
        assert await ledger.count(Password) == 0
        assert await ledger.audit() == []

    async def test_the_rules_of_passwords_hold_for_administrators(
        self, accounts: AccountService, ledger: Ledger
    ) -> None:
        with pytest.raises(InvalidInput):
            await accounts.create_admin("root@example.org", "administrator123")

        assert await ledger.count(User) == 0
