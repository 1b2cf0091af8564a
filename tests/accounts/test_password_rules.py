import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lexora_gql.accounts.password_rules import is_common, normalise_password, require_acceptable
from lexora_gql.errors import InvalidInput

CONTEXT = ("rosalind.franklin@kings.example.org", "Rosalind Franklin")


def refusal(password: str) -> str:
    with pytest.raises(InvalidInput) as refused:
        require_acceptable(password, characters_min=15, context=CONTEXT)
    assert refused.value.path == ("password",)
    return refused.value.message


class TestWhatIsRefused:
    @pytest.mark.parametrize(
        "password",
        [
            "aaaaaaaaaaaaaaaa",
            "abababababababab",
            "passwordpassword",
            "passwordpasswor",
            "correctcorrectcorrect",
            "123456789012345",
            "0987654321098765",
            "abcdefghijklmnop",
            "qwertyuiopasdfgh",
            "poiuytrewqlkjhgf",
            "1qaz2wsx3edc4rfv",
            "1q2w3e4r5t6y7u8i",
            "password12345678",
            "Password-2024-Password",
            "P@ssw0rd!P@ssw0rd1",
            "this is my password",
            "Welcome to Lexora 1",
            "iloveyou12345678",
            "administrator123",
            "Letmein!Letmein!!",
            "adminadminadmin1",
            "test-password-123",
            "summer2024winter2025",
            "sunshine princess",
        ],
    )
    def test_what_anyone_would_try_first(self, password: str) -> None:
        assert refusal(password) == (
            "`password` is too common or too close to the account; take several words that are your own."
        )

    @pytest.mark.parametrize(
        "password",
        [
            "rosalind.franklin",
            "Rosalind-Franklin-1920",
            "rosalind.franklin@kings.example.org",
            "FranklinFranklin1",
            "r0sal1nd-fr@nkl1n",
            "kings kings rosalind",
        ],
    )
    def test_what_is_known_of_the_account(self, password: str) -> None:
        assert "too close to the account" in refusal(password)
        assert not is_common("rosalind-photographs-helices", ())

    @pytest.mark.parametrize(
        ("password", "message"),
        [
            ("", "`password` has 0 characters; 15 to 1024 are allowed."),
            ("fourteen chars", "`password` has 14 characters; 15 to 1024 are allowed."),
            ("tomato " * 147, "`password` has 1029 characters; 0 to 1024 are allowed."),
            # Each of these is one code point that NFKC writes as eighteen.
            ("\ufdfa" * 60, "`password` has 1080 characters; 15 to 1024 are allowed."),
            # Fifteen code points typed, eight that are hashed.
            ("e\u0301" * 7 + "x", "`password` has 8 characters; 15 to 1024 are allowed."),
            ("a NUL \x00 in the middle", "`password` holds a NUL or a lone surrogate, which no text may hold."),
            ("a lone \ud800 surrogate", "`password` holds a NUL or a lone surrogate, which no text may hold."),
        ],
    )
    def test_what_is_out_of_bounds(self, password: str, message: str) -> None:
        assert refusal(password) == message


class TestWhatIsTaken:
    @pytest.mark.parametrize(
        "password",
        [
            "tomato sunrise cabinet",
            "we were at the first property",
            "correct horse battery staple",
            "x7#Kp!2mQ9@vL4$z",
            "Sup3r-S3cret-Giraffe!",
            "пароль из нескольких слов",
            "正しい馬の電池と留め金は長い合言葉",
            "   blanks count as well   ",
            "my cat Tiberius sleeps here",
        ],
    )
    def test_several_words_or_chance(self, password: str) -> None:
        assert require_acceptable(password, characters_min=15, context=CONTEXT) == normalise_password(password)

    def test_fifteen_characters_suffice_and_the_bound_is_a_setting(self) -> None:
        assert require_acceptable("giraffe-tomato!", characters_min=15, context=()) == "giraffe-tomato!"
        assert require_acceptable("giraffe8", characters_min=8, context=()) == "giraffe8"

    def test_one_password_typed_on_two_systems_is_one_password(self) -> None:
        typed = [normalise_password(text) for text in ("cafe\u0301 am ﬂuss, 15 uhr", "caf\u00e9 am fluss, 15 uhr")]

        assert typed == ["café am fluss, 15 uhr"] * 2


class TestBounds:
    @given(st.text(max_size=60))
    def test_any_text_is_judged(self, password: str) -> None:
        assert is_common(password, CONTEXT) in {True, False}

    @pytest.mark.parametrize("password", ["a" * 1_024, "ab1" * 341, "0123456789" * 102, "\ufdfa" * 1_024])
    def test_the_longest_are_judged_at_once(self, password: str) -> None:
        began = time.perf_counter()
        is_common(password, CONTEXT)

        assert time.perf_counter() - began < 0.25
