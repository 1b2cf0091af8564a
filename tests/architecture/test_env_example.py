import re

import pytest

from lexora_gql.settings import Settings, load_settings
from tests.shared_data import PROJECT


def example() -> dict[str, str]:
    text = (PROJECT / ".env.example").read_text(encoding="utf-8")
    return dict(re.findall(r"^#([A-Z][A-Z0-9_]*)=(.*)$", text, re.MULTILINE))


class TestTheExample:
    def test_names_every_setting_and_no_other(self) -> None:
        assert sorted(example()) == sorted(name.upper() for name in Settings.model_fields)

    def test_gives_each_its_default(self, monkeypatch: pytest.MonkeyPatch) -> None:
        for name in example():
            monkeypatch.delenv(name, raising=False)
        defaults = load_settings()
        for name, value in example().items():
            monkeypatch.setenv(name, value)

        assert load_settings() == defaults
