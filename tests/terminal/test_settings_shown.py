import pytest

from lexora_gql.settings import load_settings
from lexora_gql.terminal.settings_shown import shown_settings, without_secret

CANARY = "canary-" + "x" * 32


class TestSettingsShown:
    def test_no_secret_is_among_them(self) -> None:
        settings = load_settings(
            database_url=f"postgresql://lexora:{CANARY}@db.internal:5432/lexora?password={CANARY}",
            redis_url=f"redis://:{CANARY}@cache.internal:6379/0",
            secret_key=CANARY,
            openai_api_key=CANARY,
            bucket_url=f"s3://bucket?secret_access_key={CANARY}",
        )

        shown = dict(shown_settings(settings))

        assert CANARY not in repr(shown)
        assert shown["DATABASE_URL"] == "postgresql://lexora:***@db.internal:5432/lexora?***"
        assert shown["REDIS_URL"] == "redis://:***@cache.internal:6379/0"
        assert (shown["SECRET_KEY"], shown["SECRET_KEY_PREVIOUS"], shown["OPENAI_API_KEY"]) == ("set", "not set", "set")

    def test_defaults_are_left_out(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("PORT", raising=False)

        assert "PORT" not in dict(shown_settings(load_settings()))
        assert dict(shown_settings(load_settings(port=9000)))["PORT"] == "9000"

    @pytest.mark.parametrize("address", [f"{CANARY}", f"://{CANARY}", f"http://[{CANARY}"])
    def test_what_is_no_address_is_only_said_to_be_set(self, address: str) -> None:
        assert without_secret(address) == "set"
