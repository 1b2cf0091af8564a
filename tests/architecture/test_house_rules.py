from collections.abc import Callable
from pathlib import Path, PurePosixPath

import pytest

from tests.architecture import house_rules as rules
from tests.shared_data import PROJECT

Files = dict[PurePosixPath, str]
RULES = [
    rules.long_files,
    rules.long_functions,
    rules.forbidden_names,
    rules.unfinished_work,
    rules.machine_paths,
    rules.registry_hosts,
    rules.excuses_without_a_reason,
]


@pytest.fixture(scope="module")
def files() -> Files:
    return rules.tracked_files(PROJECT)


def planted(name: str, text: str) -> Files:
    return {PurePosixPath(name): text}


class TestTheProject:
    @pytest.mark.parametrize("rule", RULES)
    def test_keeps_the_rule(self, files: Files, rule: Callable[[Files], list[str]]) -> None:
        assert rule(files) == []

    def test_has_scripts_that_can_be_run(self, files: Files) -> None:
        assert rules.scripts_that_cannot_be_run(PROJECT, files) == []

    def test_is_looked_at_as_a_whole(self, files: Files) -> None:
        looked_at = rules.sources(files)

        assert PurePosixPath("ops/up") in looked_at
        assert PurePosixPath("lexora_gql/settings.py") in looked_at
        assert PurePosixPath("pyproject.toml") in files


class TestEachRuleFindsWhatIsPlanted:
    @pytest.mark.parametrize(
        ("rule", "name", "text"),
        [
            (rules.long_files, "a.py", "x = 1\n" * 401),
            (rules.long_functions, "a.py", "def long():\n" + "    x = 1\n" * 40),
            (rules.long_functions, "a.py", "class A:\n    async def long(self):\n" + "        x = 1\n" * 40),
            (rules.forbidden_names, "lexora_gql/text_utils.py", ""),
            (rules.forbidden_names, "lexora_gql/helpers/text.py", ""),
            (rules.forbidden_names, "lexora_gql/collection_manager.py", ""),
            (rules.unfinished_work, "a.md", "TO" + "DO: write this\n"),
            (rules.unfinished_work, "a.py", "    raise Not" + "ImplementedError\n"),
            (rules.machine_paths, "a.toml", 'folder = "/wor' + 'k/main"\n'),
            (rules.machine_paths, "a.sh", "cd /ro" + "ot/lexora\n"),
            (rules.registry_hosts, "package-lock.json", '"resolved": "https://registry.npm' + 'js.org/a.tgz"\n'),
            (rules.registry_hosts, "requirements.lock", "--index-url https://py" + "pi.org/simple\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # no" + "qa\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # no" + "qa: S101\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # type: " + "ignore\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # type: " + "ignore[arg-type]\n"),
        ],
    )
    def test_one_violation(self, rule: Callable[[Files], list[str]], name: str, text: str) -> None:
        assert len(rule(planted(name, text))) == 1

    @pytest.mark.parametrize(
        ("rule", "name", "text"),
        [
            (rules.long_files, "a.py", "x = 1\n" * 400),
            (rules.long_functions, "a.py", "@decorated\ndef short():\n" + "    x = 1\n" * 39),
            (rules.forbidden_names, "lexora_gql/commons.py", ""),
            (rules.unfinished_work, "a.py", "mastodon = 1\n"),
            (rules.machine_paths, "a.md", "https://example.org/wor" + "k/main and ../wor" + "k/main\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # no" + "qa: S101, S102  # it is a test\n"),
            (rules.excuses_without_a_reason, "a.py", "x = 1  # type: " + "ignore[arg-type]  # checked by pydantic\n"),
        ],
    )
    def test_no_false_alarm(self, rule: Callable[[Files], list[str]], name: str, text: str) -> None:
        assert rule(planted(name, text)) == []

    def test_files_that_are_long_on_the_whole(self) -> None:
        middling = {PurePosixPath(f"lexora_gql/{number}.py"): "x = 1\n" * 101 for number in range(20)}
        some_long = {PurePosixPath(f"{number}.py"): "x = 1\n" * (301 if number < 2 else 9) for number in range(20)}

        assert rules.long_files(middling) == ["median: 101 lines, at most 100"]
        assert rules.long_files(some_long) == ["95th percentile: 301 lines, at most 300"]

    def test_a_script_that_cannot_be_run(self, tmp_path: Path) -> None:
        (tmp_path / "run").write_text("#!/bin/sh\n")

        assert rules.scripts_that_cannot_be_run(tmp_path, planted("run", "#!/bin/sh\n")) == ["run"]
        (tmp_path / "run").chmod(0o755)
        assert rules.scripts_that_cannot_be_run(tmp_path, planted("run", "#!/bin/sh\n")) == []
