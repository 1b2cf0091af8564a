"""Signing in: by what was given, by what an earlier command has kept, or by asking."""

from dataclasses import dataclass

from lexora_gql.terminal.credentials import Account, Credentials, GivenToken, Tokens, refreshed
from lexora_gql.terminal.endpoint import Endpoint
from lexora_gql.terminal.errors import USAGE, CannotGoOn, Refused
from lexora_gql.terminal.person import Person
from lexora_gql.terminal.results import member
from lexora_gql.terminal.session_file import SavedSession, SessionFile

TRIES = 3
NOBODY = (
    "Nobody is signed in: set LEXORA_TOKEN, or LEXORA_EMAIL and LEXORA_PASSWORD, or run this once in a terminal, "
    "where you are asked."
)


@dataclass(frozen=True, slots=True)
class Given:
    """What options and environment say about who speaks.

    Attributes:
        is_saving: Whether a sign-in in a terminal is kept for the next command.
    """

    token: str | None = None
    email: str | None = None
    password: str | None = None
    is_saving: bool = True


async def sign_in(endpoint: Endpoint, given: Given, person: Person, kept: SessionFile) -> Credentials:
    """Return credentials.

    Raises:
        CannotGoOn: There are none, or they are wrong.
    """
    if given.token:
        return GivenToken(_as_header(given.token))
    if given.email and given.password:
        return Account(endpoint, await _login(endpoint, given.email, given.password), kept=None)
    store = kept if given.is_saving else None
    saved = kept.read(endpoint.url) if store else None
    if saved is not None and given.email in (None, saved.email):
        try:
            return Account(endpoint, await refreshed(endpoint, saved, store), store)
        except Refused:
            # Ended from elsewhere, or too old.
            kept.write(endpoint.url, None)
    if not person.is_there:
        raise CannotGoOn(NOBODY, exit_code=USAGE)
    tokens = await _ask(endpoint, given.email or (saved.email if saved else None), person)
    if store:
        with store.locked():
            store.write(endpoint.url, SavedSession(tokens.email, tokens.refresh_token))
    return Account(endpoint, tokens, store)


def _as_header(token: str) -> str:
    token = token.strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise CannotGoOn("LEXORA_TOKEN or --token is no token: it holds what no token does.", exit_code=USAGE)
    return token


async def _login(endpoint: Endpoint, email: str, password: str) -> Tokens:
    result = await endpoint.execute("Login", {"input": {"email": email, "password": password}})
    return Tokens.of(member(result["login"]))


async def _register(endpoint: Endpoint, email: str, password: str) -> Tokens:
    result = await endpoint.execute("Register", {"input": {"email": email, "password": password}})
    return Tokens.of(member(result["register"]))


async def _ask(endpoint: Endpoint, email: str | None, person: Person) -> Tokens:
    # Asked first, so that a server that is away is not found out after the password.
    info = (await endpoint.execute("ServerInfo", {}))["serverInfo"]
    person.say(f"Sign in to {endpoint.url}")
    for remaining in reversed(range(TRIES)):
        email = person.ask("E-mail", default=email)
        password = person.ask_secret("Password")
        try:
            return await _login(endpoint, email, password)
        except Refused as refused:
            if refused.code != "INVALID_CREDENTIALS":
                raise
            person.say(str(refused))
        if info["registration"] == "OPEN" and person.confirm(f"Make a new account for {email}?"):
            return await _make_account(endpoint, email, password, person)
        if not remaining:
            break
    raise CannotGoOn("Not signed in.")


async def _make_account(endpoint: Endpoint, email: str, password: str, person: Person) -> Tokens:
    if person.ask_secret("Password once more") != password:
        raise CannotGoOn("The two passwords differ.")
    for _ in range(TRIES):
        try:
            return await _register(endpoint, email, password)
        except Refused as refused:
            if refused.code != "INVALID_INPUT":
                raise
            person.say(str(refused))
            password = person.ask_secret("Another password", twice=True)
    raise CannotGoOn("No account was made.")
