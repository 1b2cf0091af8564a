"""Settings that need one another."""

import pytest

from lexora_gql.settings import WrongSettings, load_settings

MODEL = {"openai_model": "a"}
ELSEWHERE = {"openai_fallback_base_url": "http://127.0.0.1:9/v1"}


class TestFallbackModel:
    @pytest.mark.parametrize(
        ("given", "line"),
        [
            ({"openai_fallback_model": "b"}, "OPENAI_FALLBACK_MODEL: needs an OPENAI_MODEL that it stands in for"),
            (
                MODEL | ELSEWHERE,
                "OPENAI_FALLBACK_BASE_URL: needs an OPENAI_FALLBACK_MODEL that is asked there",
            ),
            (
                MODEL | {"openai_fallback_model": "b", "openai_fallback_api_key": "k"},
                "OPENAI_FALLBACK_API_KEY: needs the OPENAI_FALLBACK_BASE_URL that it is for",
            ),
        ],
    )
    def test_what_cannot_be_meant_stops_the_start(self, given: dict[str, str], line: str) -> None:
        with pytest.raises(WrongSettings) as refused:
            load_settings(**given)

        assert refused.value.lines == [line]

    def test_it_is_not_offered_for_choice(self) -> None:
        assert load_settings(**MODEL, openai_fallback_model="b", **ELSEWHERE).chat_models == ("a",)
