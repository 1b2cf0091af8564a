import base64

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.signing import BadSignature, Signer

KEY = "k" * 32
OTHER = "o" * 32
URL_SAFE = set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


class TestSigning:
    @given(st.binary(max_size=200))
    def test_a_token_gives_its_payload_back(self, payload: bytes) -> None:
        token = Signer(KEY).sign("cursor", payload)

        assert Signer(KEY).verify("cursor", token) == payload
        assert set(token) <= URL_SAFE

    def test_a_token_is_as_short_as_its_payload_and_sixteen_bytes(self) -> None:
        assert len(base64.urlsafe_b64decode(Signer(KEY).sign("cursor", b"12345678"))) == 24

    @given(st.binary(max_size=40), st.data())
    def test_changing_any_character_is_noticed(self, payload: bytes, data: st.DataObject) -> None:
        token = Signer(KEY).sign("cursor", payload)
        place = data.draw(st.integers(0, len(token) - 1))
        other = data.draw(st.sampled_from(sorted(URL_SAFE - {token[place]})))

        with pytest.raises(BadSignature):
            Signer(KEY).verify("cursor", token[:place] + other + token[place + 1 :])

    def test_another_purpose_or_key_does_not_count(self) -> None:
        token = Signer(KEY).sign("cursor", b"page 2")

        with pytest.raises(BadSignature):
            Signer(KEY).verify("download", token)
        with pytest.raises(BadSignature):
            Signer(OTHER).verify("cursor", token)

    @pytest.mark.parametrize("token", ["", "=", "A", "AAAA", "ä" * 30, "A" * 22 + "==", "A" * 10_000, "\ud800" * 30])
    def test_what_is_no_token_is_refused(self, token: str) -> None:
        with pytest.raises(BadSignature):
            Signer(KEY).verify("cursor", token)

    def test_a_padded_token_is_another_string(self) -> None:
        token = Signer(KEY).sign("cursor", b"1")

        with pytest.raises(BadSignature):
            Signer(KEY).verify("cursor", token + "=")


class TestRotatingKeys:
    def test_the_previous_key_is_recognised_and_no_longer_signs(self) -> None:
        before, during, after = Signer(KEY), Signer(OTHER, previous=KEY), Signer(OTHER)
        old, new = before.sign("cursor", b"x"), during.sign("cursor", b"x")

        assert during.verify("cursor", old) == b"x"
        assert after.verify("cursor", new) == b"x"
        with pytest.raises(BadSignature):
            after.verify("cursor", old)
        with pytest.raises(BadSignature):
            before.verify("cursor", new)

    @pytest.mark.parametrize("keys", [("k" * 31, None), (KEY, "p" * 31), ("", None)])
    def test_short_keys_are_refused_without_being_shown(self, keys: tuple[str, str | None]) -> None:
        with pytest.raises(ValueError, match=r"^A secret key has \d+ bytes; at least 32 are needed\.$"):
            Signer(*keys)

    def test_a_signer_does_not_show_its_keys(self) -> None:
        assert repr(Signer(KEY, OTHER)) == "Signer(2 keys)"
