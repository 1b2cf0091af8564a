import asyncio
from collections import Counter

import pytest
from argon2 import PasswordHasher

from lexora_gql.accounts.passwords import HASHER, WAITING_MAX, Passwords, Verdict
from lexora_gql.errors import Unavailable

PASSWORD = "tomato sunrise cabinet"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)


class TestHashing:
    async def test_it_is_argon2id_with_19_mebibytes_two_passes_and_a_salt(self) -> None:
        passwords = Passwords()
        first, second = await asyncio.gather(passwords.hash(PASSWORD), passwords.hash(PASSWORD))
        passwords.close()

        assert first.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
        assert first != second
        assert HASHER.verify(first, PASSWORD) is True

    async def test_two_ways_of_typing_one_password_are_one(self) -> None:
        passwords = Passwords(QUICK)
        stored = await passwords.hash("cafe\u0301 am ﬂuss, 15 uhr")

        assert await passwords.verify(stored, "caf\u00e9 am fluss, 15 uhr") == Verdict(is_right=True)
        passwords.close()

    @pytest.mark.parametrize("typed", ["", "tomato", PASSWORD + " ", PASSWORD.upper(), "\ud800", "x" * 1_000_000])
    async def test_others_are_wrong(self, typed: str) -> None:
        passwords = Passwords(QUICK)
        stored = await passwords.hash(PASSWORD)

        assert await passwords.verify(stored, typed) == Verdict(is_right=False)
        assert await passwords.verify(stored, PASSWORD) == Verdict(is_right=True)
        passwords.close()

    async def test_no_password_is_right_where_none_is_stored(self) -> None:
        passwords = Passwords(QUICK)

        assert [await passwords.verify(None, typed) for typed in ("", PASSWORD)] == [Verdict(is_right=False)] * 2
        assert await passwords.verify("no hash", PASSWORD) == Verdict(is_right=False)
        passwords.close()


class TestTheQueue:
    async def test_it_is_bounded_and_open_again_when_it_has_emptied(self) -> None:
        passwords = Passwords(QUICK)

        outcomes = await asyncio.gather(
            *(passwords.verify(None, PASSWORD) for _ in range(WAITING_MAX + 20)), return_exceptions=True
        )

        assert Counter(map(type, outcomes)) == {Verdict: WAITING_MAX, Unavailable: 20}
        assert await passwords.verify(None, PASSWORD) == Verdict(is_right=False)
        passwords.close()

    async def test_the_loop_goes_on_while_passwords_are_hashed(self) -> None:
        passwords = Passwords()
        hashing = asyncio.gather(*(passwords.hash(PASSWORD) for _ in range(10)))
        turns = 0
        while not hashing.done():
            await asyncio.sleep(0)
            turns += 1
        await hashing
        passwords.close()

        assert turns > 100
