import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.accounts.addresses import clean_email, email_key, network_key
from lexora_gql.accounts.auditing import Client
from lexora_gql.errors import InvalidInput


class TestMailAddresses:
    @pytest.mark.parametrize(
        ("typed", "shown", "key"),
        [
            ("ann@example.org", "ann@example.org", "ann@example.org"),
            ("  Ann.Lee+lexora@Example.ORG\n", "Ann.Lee+lexora@Example.ORG", "ann.lee+lexora@example.org"),
            ("root@localhost", "root@localhost", "root@localhost"),
            ("jürgen@bücher.example", "jürgen@bücher.example", "jürgen@bücher.example"),
            ("ann@हिन्दी.example", "ann@हिन्दी.example", "ann@हिन्दी.example"),
            ("ju\u0308rgen@example.org", "jürgen@example.org", "jürgen@example.org"),
            ("Straße@example.org", "Straße@example.org", "strasse@example.org"),
            ("ａｎｎ＠example.org", "ann@example.org", "ann@example.org"),
            ("o'brien@xn--bcher-kva.example", "o'brien@xn--bcher-kva.example", "o'brien@xn--bcher-kva.example"),
            ("a" * 64 + "@example.org", "a" * 64 + "@example.org", "a" * 64 + "@example.org"),
        ],
    )
    def test_they_are_kept_as_typed_and_compared_folded(self, typed: str, shown: str, key: str) -> None:
        assert clean_email(typed) == shown
        assert email_key(typed) == email_key(shown) == key

    @pytest.mark.parametrize(
        "typed",
        [
            *("", " ", "ann", "@", "ann@", "@example.org", "ann@@example.org", "a@b@example.org", "ann @example.org"),
            *("ann@exam ple.org", "ann@-example.org", "ann@example-.org", "ann@example..org", "ann@.org", "ann@org."),
            *(".ann@example.org", "ann.@example.org", "a..n@example.org", "ann@exa_mple.org", "ann,bob@example.org"),
            *("Ann <ann@example.org>", "ann@[192.0.2.1]", '"ann"@example.org', "ann\x00@example.org"),
            *("ann\u200b@example.org", "ann\u202e@example.org", "\ud800@example.org", "ann\n@example.org"),
            *("a" * 65 + "@example.org", "ann@" + "a" * 64 + ".org", "ann@" + "a." * 124 + "org", "x" * 100_000),
        ],
    )
    def test_what_has_not_the_shape_is_refused(self, typed: str) -> None:
        with pytest.raises(InvalidInput) as refused:
            clean_email(typed)

        assert refused.value.path == ("email",)
        assert len(refused.value.message) < 100

    @given(st.text(max_size=300) | st.from_regex(r"\s*[^\s.]{1,9}@[^\s.]{1,9}\s*", fullmatch=True))
    def test_any_text_is_refused_or_comes_out_short_and_the_same_twice(self, typed: str) -> None:
        try:
            cleaned = clean_email(typed)
        except InvalidInput:
            return
        assert len(cleaned) <= 254
        assert clean_email(cleaned) == cleaned
        assert email_key(cleaned) == email_key(typed)

    @given(st.emails())
    def test_real_ones_are_taken_in_any_case(self, address: str) -> None:
        simple = not set(address.rpartition("@")[0]) & set('(),:;<>[]\\"')
        if simple and len(address) <= 254 and len(address.rpartition("@")[0]) <= 64:
            assert email_key(clean_email(address.upper())) == email_key(address)


class TestNetworkAddresses:
    @pytest.mark.parametrize(
        ("address", "key"),
        [
            ("192.0.2.7", "192.0.2.7"),
            ("::ffff:192.0.2.7", "192.0.2.7"),
            ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
            ("2001:0DB8:0001:0002::", "2001:db8:1:2::/64"),
            ("fe80::1%eth0", "fe80::/64"),
            ("testclient", "testclient"),
            ("", ""),
        ],
    )
    def test_one_subscriber_is_one_key(self, address: str, key: str) -> None:
        assert network_key(address) == key


class TestClients:
    def test_what_they_say_is_made_fit_to_be_stored(self) -> None:
        client = Client(" 192.0.2.7\x00\n", "Fire\x1b[31mfox\ud800\r\nforged: line " + "x" * 1_000)

        assert client.address == "192.0.2.7"
        assert client.user_agent is not None
        assert client.user_agent.startswith("Fire[31mfoxforged: line xxx")
        assert len(client.user_agent) <= 256
        assert Client("\x00", "\n ") == Client()
