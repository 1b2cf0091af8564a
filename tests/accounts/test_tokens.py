import base64
import hmac
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.accounts.models import Role
from lexora_gql.accounts.tokens import PURPOSE, AccessTokens, BadToken, Claims
from lexora_gql.signing import Signer

NOON = datetime(2031, 5, 1, 12, tzinfo=UTC)
USER, SESSION = UUID(int=1), UUID(int=2)
SIGNER = Signer("a secret key for tests, 32 bytes and more")
TOKENS = AccessTokens(SIGNER, timedelta(minutes=30))
HALF_PAST = NOON + timedelta(minutes=30)


def part(value: object) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).rstrip(b"=").decode()


def opened(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, payload, _ = (base64.urlsafe_b64decode(piece + "==") for piece in token.split("."))
    return json.loads(header), json.loads(payload)


def forge(header: object, payload: object, *, key: bytes | None = None, digest: str = "sha256") -> str:
    signed = f"{part(header)}.{part(payload)}"
    tag = hmac.digest(key or SIGNER.keys(PURPOSE)[0], signed.encode(), digest)
    return f"{signed}.{base64.urlsafe_b64encode(tag).rstrip(b'=').decode()}"


def is_refused(token: str, *, at: datetime = NOON) -> bool:
    try:
        TOKENS.read(token, at=at)
    except BadToken:
        return True
    return False


TOKEN, CLAIMS = TOKENS.issue(USER, SESSION, Role.ADMIN, at=NOON)
HEADER, PAYLOAD = opened(TOKEN)


class TestAnAccessToken:
    def test_it_says_who_signed_in_where_and_until_when(self) -> None:
        assert Claims(USER, SESSION, Role.ADMIN, CLAIMS.token_id, NOON, HALF_PAST) == CLAIMS
        assert TOKENS.read(TOKEN, at=NOON) == CLAIMS

    def test_one_that_was_read_before_is_held_to_its_times_and_to_the_letter(self) -> None:
        tokens = AccessTokens(SIGNER, timedelta(minutes=30))
        assert [tokens.read(TOKEN, at=NOON) for _ in range(2)] == [CLAIMS, CLAIMS]
        for token, at in (
            (TOKEN, HALF_PAST), (TOKEN, NOON - timedelta(seconds=6)), (TOKEN[:-2] + "AA", NOON), (TOKEN + "A", NOON),
        ):  # fmt: skip
            with pytest.raises(BadToken):
                tokens.read(token, at=at)
        assert tokens.read(TOKEN, at=HALF_PAST - timedelta(seconds=1)) == CLAIMS

    def test_no_more_than_so_many_are_remembered(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lexora_gql.accounts.tokens.KNOWN_MAX", 2)
        tokens = AccessTokens(SIGNER, timedelta(minutes=30))
        issued = [tokens.issue(USER, SESSION, Role.ADMIN, at=NOON) for _ in range(4)]
        assert [tokens.read(token, at=NOON) for token, _ in issued * 2] == [claims for _, claims in issued * 2]

    def test_its_parts_are_those_of_rfc_9068(self) -> None:
        assert (HEADER["alg"], HEADER["typ"], set(HEADER)) == ("HS256", "at+jwt", {"alg", "typ", "kid"})
        assert {
            "iss": "lexora",
            "aud": "lexora-api",
            "sub": str(USER),
            "sid": str(SESSION),
            "role": "ADMIN",
            "jti": CLAIMS.token_id,
            "iat": int(NOON.timestamp()),
            "nbf": int(NOON.timestamp()),
            "exp": int(HALF_PAST.timestamp()),
        } == PAYLOAD

    def test_no_two_are_the_same(self) -> None:
        assert TOKENS.issue(USER, SESSION, Role.ADMIN, at=NOON)[0] != TOKEN

    def test_it_ends_to_the_second_and_begins_a_little_early_for_other_servers_clocks(self) -> None:
        assert not is_refused(TOKEN, at=HALF_PAST - timedelta(microseconds=1))
        assert is_refused(TOKEN, at=HALF_PAST)
        assert not is_refused(TOKEN, at=NOON - timedelta(seconds=5))
        assert is_refused(TOKEN, at=NOON - timedelta(seconds=6))


class TestForgeries:
    def test_our_own_forgery_is_taken_so_the_others_fail_for_their_reason(self) -> None:
        assert not is_refused(forge(HEADER, PAYLOAD))

    @pytest.mark.parametrize("name", sorted(PAYLOAD))
    def test_every_claim_is_required(self, name: str) -> None:
        assert is_refused(forge(HEADER, {key: value for key, value in PAYLOAD.items() if key != name}))

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            *(("iss", "elsewhere"), ("iss", ["lexora"]), ("aud", "another-api"), ("aud", []), ("aud", None)),
            *(("sub", "1"), ("sub", 1), ("sub", None), ("sid", ""), ("sid", "x"), ("sid", [str(SESSION)])),
            *(("role", "ROOT"), ("role", ["ADMIN"]), ("jti", 7), ("jti", "")),
            *(("exp", "never"), ("exp", True), ("exp", None), ("exp", int(NOON.timestamp())), ("exp", 10**30)),
            *(("nbf", int(HALF_PAST.timestamp())), ("nbf", "0"), ("iat", int(HALF_PAST.timestamp())), ("iat", {})),
        ],
    )
    def test_every_claim_is_checked(self, name: str, value: object) -> None:
        assert is_refused(forge(HEADER, {**PAYLOAD, name: value}))

    def test_not_a_number_is_no_time(self) -> None:
        assert is_refused(forge(HEADER, {**PAYLOAD, "exp": float("nan")}))
        assert is_refused(forge(HEADER, {**PAYLOAD, "exp": float("inf")}))

    @pytest.mark.parametrize(
        "header",
        [
            {**HEADER, "alg": "none"},
            {**HEADER, "alg": "HS512"},
            {**HEADER, "alg": "RS256"},
            {**HEADER, "typ": "JWT"},
            {**HEADER, "typ": "AT+JWT"},
            {**HEADER, "kid": "another"},
            {**HEADER, "crit": ["exp"]},
            {**HEADER, "crit": 5},
            {**HEADER, "b64": False},
            {**HEADER, "jwk": {"kty": "oct", "k": "AAAA"}},
            {"alg": "HS256", "typ": "at+jwt"},
            {"alg": "HS256"},
            {},
            [],
            ["alg"],
            "alg",
            5,
            None,
        ],
    )
    def test_no_other_header_is_taken(self, header: object) -> None:
        assert is_refused(forge(header, PAYLOAD))

    def test_without_a_signature_nothing_is_taken(self) -> None:
        head, body, _ = TOKEN.split(".")

        assert is_refused(f"{head}.{body}.")
        assert is_refused(f"{head}.{body}")
        assert is_refused(f"{part({**HEADER, 'alg': 'none'})}.{body}.")

    def test_other_keys_and_digests_are_refused(self) -> None:
        for key in (b"\x00", b"a secret key for tests, 32 bytes and more", SIGNER.keys("another purpose")[0]):
            assert is_refused(forge(HEADER, PAYLOAD, key=key))
        assert is_refused(forge({**HEADER, "alg": "HS512"}, PAYLOAD, digest="sha512"))

    @pytest.mark.parametrize("payload", [[], "x", 5, None, [PAYLOAD]])
    def test_a_payload_is_an_object(self, payload: object) -> None:
        assert is_refused(forge(HEADER, payload))

    @pytest.mark.parametrize(
        "token",
        [
            "",
            ".",
            "..",
            "a.b.c",
            "Bearer x",
            TOKEN + "\n",
            " " + TOKEN,
            TOKEN + "=",
            "\ud800.a.b",
            "ä.a.b",
            "A" * 9_999,
        ],
    )
    def test_what_has_not_the_shape_is_refused(self, token: str) -> None:
        assert is_refused(token)

    def test_nesting_does_no_harm(self) -> None:
        deep = base64.urlsafe_b64encode(b"[" * 1_000).decode().rstrip("=")

        assert is_refused(f"{deep}.AA.AA")

    @given(st.data())
    def test_changing_any_character_is_noticed(self, data: st.DataObject) -> None:
        # The signature's last character has two bits that say nothing.
        place = data.draw(st.integers(0, len(TOKEN) - 2))
        other = data.draw(st.sampled_from(sorted(set("ABab01-_.") - {TOKEN[place]})))

        assert is_refused(TOKEN[:place] + other + TOKEN[place + 1 :])


class TestRotatingKeys:
    def test_what_the_previous_key_signed_is_taken_until_it_is_dropped(self) -> None:
        rotated = Signer("the next secret key, 32 bytes and more", "a secret key for tests, 32 bytes and more")
        during = AccessTokens(rotated, timedelta(minutes=30))
        after = AccessTokens(Signer("the next secret key, 32 bytes and more"), timedelta(minutes=30))
        fresh = during.issue(USER, SESSION, Role.USER, at=NOON)[0]

        assert during.read(TOKEN, at=NOON) == CLAIMS
        assert after.read(fresh, at=NOON).user_id == USER
        with pytest.raises(BadToken):
            after.read(TOKEN, at=NOON)
        assert is_refused(fresh)
