import asyncio
from collections.abc import AsyncIterator
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from lexora_gql.terminal.client import Client
from lexora_gql.terminal.credentials import Account, Tokens, refreshed
from lexora_gql.terminal.endpoint import Endpoint
from lexora_gql.terminal.errors import CannotGoOn, Refused
from lexora_gql.terminal.person import Person
from lexora_gql.terminal.session_file import SavedSession, SessionFile
from lexora_gql.terminal.signing_in import Given, sign_in
from tests.terminal.running_server import PASSWORD, RunningServer, lexora


@dataclass
class Typist(Person):
    """Somebody who types what the test says, in order."""

    typed: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    is_away: bool = False

    @property
    def is_there(self) -> bool:
        return not self.is_away

    def ask(self, label: str, *, default: str | None = None) -> str:
        self.asked.append(label)
        return self.typed.pop(0) or default or ""

    def ask_secret(self, label: str, *, twice: bool = False) -> str:  # the typist never mistypes
        return self.ask(label)

    def confirm(self, question: str) -> bool:
        return self.ask(question) == "y"

    def say(self, line: str) -> None:
        self.asked.append(line)


@pytest.fixture
async def endpoint(server: RunningServer) -> AsyncIterator[Endpoint]:
    """The server, as a client has it."""
    async with Endpoint(server.url) as endpoint:
        yield endpoint


@pytest.fixture
def kept(tmp_path: Path) -> SessionFile:
    """A file of sessions that nobody else has."""
    return SessionFile(tmp_path / "lexora" / "session.json")


async def whose(endpoint: Endpoint, credentials: Any) -> str:
    return str((await Client(endpoint, credentials).execute("Me", {}))["me"]["email"])


class TestSigningIn:
    async def test_an_unknown_address_may_become_an_account(
        self, endpoint: Endpoint, kept: SessionFile, email: str
    ) -> None:
        typist = Typist(typed=[email, PASSWORD, "y", PASSWORD])

        credentials = await sign_in(endpoint, Given(), typist, kept)

        assert await whose(endpoint, credentials) == email
        assert typist.asked[-2:] == [f"Make a new account for {email}?", "Password once more"]

    async def test_the_next_command_does_not_ask(self, endpoint: Endpoint, kept: SessionFile, email: str) -> None:
        await sign_in(endpoint, Given(), Typist(typed=[email, PASSWORD, "y", PASSWORD]), kept)

        credentials = await sign_in(endpoint, Given(), Typist(is_away=True), kept)

        assert await whose(endpoint, credentials) == email

    async def test_nothing_is_kept_when_not_wanted(
        self, endpoint: Endpoint, server: RunningServer, kept: SessionFile, email: str
    ) -> None:
        await server.register(email)

        await sign_in(endpoint, Given(is_saving=False), Typist(typed=[email, PASSWORD]), kept)

        assert not kept.path.exists()

    async def test_a_wrong_password_may_be_typed_again(
        self, endpoint: Endpoint, server: RunningServer, kept: SessionFile, email: str
    ) -> None:
        await server.register(email)

        credentials = await sign_in(endpoint, Given(), Typist(typed=[email, "wrong", "n", "", PASSWORD]), kept)

        assert await whose(endpoint, credentials) == email

    async def test_a_session_that_was_ended_is_asked_for_again(
        self, endpoint: Endpoint, server: RunningServer, kept: SessionFile, email: str
    ) -> None:
        await server.register(email)
        credentials = await sign_in(endpoint, Given(), Typist(typed=[email, PASSWORD]), kept)
        await Client(endpoint, credentials).execute("Logout", {"everywhere": True})

        typist = Typist(typed=["", PASSWORD])
        again = await sign_in(endpoint, Given(), typist, kept)

        assert await whose(endpoint, again) == email

    async def test_given_credentials_are_not_kept(
        self, endpoint: Endpoint, server: RunningServer, kept: SessionFile, email: str
    ) -> None:
        await server.register(email)
        given = Given(email=email, password=PASSWORD)

        assert await whose(endpoint, await sign_in(endpoint, given, Typist(is_away=True), kept)) == email
        assert not kept.path.exists()

    async def test_a_wrong_password_that_was_given_is_final(self, endpoint: Endpoint, kept: SessionFile) -> None:
        given = Given(email="reader@example.com", password="wrong")

        with pytest.raises(Refused, match="do not belong together"):
            await sign_in(endpoint, given, Typist(), kept)

    async def test_a_token_with_a_line_end_inside_is_none(self, endpoint: Endpoint, kept: SessionFile) -> None:
        with pytest.raises(CannotGoOn, match="is no token"):
            await sign_in(endpoint, Given(token="one\r\nX-Other: header"), Typist(), kept)


class TestStayingSignedIn:
    async def test_two_commands_at_once_share_a_session(
        self, endpoint: Endpoint, kept: SessionFile, email: str
    ) -> None:
        await sign_in(endpoint, Given(), Typist(typed=[email, PASSWORD, "y", PASSWORD]), kept)
        saved = kept.read(endpoint.url)
        assert saved is not None

        # Both have read the same token; the second must take the successor that the first has left.
        await asyncio.gather(*(refreshed(endpoint, saved, SessionFile(kept.path)) for _ in range(4)))

        assert await whose(endpoint, await sign_in(endpoint, Given(), Typist(is_away=True), kept)) == email

    async def test_a_token_about_to_expire_is_renewed(self, endpoint: Endpoint, kept: SessionFile, email: str) -> None:
        signed_in = await self._signed_in(endpoint, kept, email)
        old = Tokens(email, "old", datetime.now(UTC) + timedelta(seconds=5), signed_in.tokens.refresh_token)

        account = Account(endpoint, old, kept)

        assert await account.token() != "old"
        assert await whose(endpoint, account) == email
        assert kept.read(endpoint.url) == SavedSession(email, account.tokens.refresh_token)

    async def test_a_stream_refused_for_its_token_goes_on_with_a_new_one(
        self, endpoint: Endpoint, kept: SessionFile, email: str, folder: Path
    ) -> None:
        signed_in = await self._signed_in(endpoint, kept, email)
        after = (await Client(endpoint, signed_in).execute("DocumentFeedCursor", {}))["documentFeedCursor"]
        token = signed_in.tokens.access_token
        await lexora("upload", str(folder), environment={"LEXORA_URL": endpoint.url, "LEXORA_TOKEN": token})
        later = datetime.now(UTC) + timedelta(hours=1)
        account = Account(endpoint, Tokens(email, "forged", later, signed_in.tokens.refresh_token), kept)

        async with aclosing(
            Client(endpoint, account).follow("DocumentEvents", "documentEvents", {}, after=after)
        ) as events:
            event = await anext(events)

        assert event["document"]["filename"] == "canteen.md"
        assert account.tokens.access_token != "forged"

    async def _signed_in(self, endpoint: Endpoint, kept: SessionFile, email: str) -> Account:
        typist = Typist(typed=[email, PASSWORD, "y", PASSWORD])
        account = await sign_in(endpoint, Given(), typist, kept)
        assert isinstance(account, Account)
        return account
