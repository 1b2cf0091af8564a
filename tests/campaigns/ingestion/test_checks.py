"""The checks of the campaign must themselves go red when something is wrong."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from tests.campaigns.ingestion import checks
from tests.campaigns.ingestion.ledger import Ledger
from tests.campaigns.ingestion.people import Seen
from tests.campaigns.ingestion.stock import Stock, Stored, Turn

READY = Stored("one", "aa", "owner/one", "READY", "DONE", attempt=1, losses=0, crashes=0)
LOST_ONCE = Stored("two", "bb", "owner/two", "READY", "DONE", attempt=2, losses=1, crashes=0)
PENDING, PROCESSING = ("PENDING", "PROCESSING")
Damage = Callable[[Stock], None]


@pytest.fixture
def ledger() -> Ledger:
    """Two documents that were accepted and kept, and one that was deleted."""
    return Ledger(accepted={"one": "aa", "two": "bb", "gone": "cc"}, deleted={"gone"}, perhaps_deleted={"gone"})


@pytest.fixture
def stock() -> Stock:
    """What a campaign leaves when all is well."""
    return Stock(
        documents={"one": READY, "two": LOST_ONCE},
        files={"owner/one", "owner/two"},
        strays={"chunks": 0},
        tombstones={"gone"},
        history=[
            Turn("one", PENDING, PROCESSING, is_ready_again=False, by="worker1"),
            Turn("one", PROCESSING, "READY", is_ready_again=True, by="worker1"),
        ],
    )


@pytest.fixture
def views() -> dict[str, list[Seen]]:
    """What subscribers saw of it."""
    return {
        "one": [Seen(PENDING), Seen(PROCESSING, 1, 0.2), Seen("READY", 1, 1.0)],
        "two": [Seen(PROCESSING, 1, 0.6), Seen(PENDING, 1, 0.0), Seen(PROCESSING, 2, 0.1), Seen("READY", 2, 1.0)],
        "gone": [Seen(PROCESSING, 1, 0.2), Seen("DELETED")],
    }


def change(stock: Stock, document_id: str, **fields: Any) -> None:
    stock.documents[document_id] = replace(stock.documents[document_id], **fields)


def a_second_document_of_one_file(stock: Stock) -> None:
    stock.documents["three"] = replace(READY, id="three")


def a_doubled_set(stock: Stock) -> None:
    change(stock, "one", flaws=("10 chunks are stored, the row says 5",))


def two_embedders(stock: Stock) -> None:
    change(stock, "one", embedders=frozenset({"a"}))
    change(stock, "two", embedders=frozenset({"b"}))


def a_second_publication(stock: Stock) -> None:
    stock.history.append(Turn("one", "READY", "READY", is_ready_again=True, by="worker2"))


def a_reading_after_the_end(stock: Stock) -> None:
    stock.history.append(Turn("one", "READY", PROCESSING, is_ready_again=False, by="worker2"))


class TestAllIsWell:
    def test_nothing_is_found(self, ledger: Ledger, stock: Stock, views: dict[str, list[Seen]]) -> None:
        assert checks.lost(ledger, stock) == []
        assert checks.unended(stock) == []
        assert checks.doubled(ledger, stock) == []
        assert checks.orphans(stock) == []
        assert checks.undeleted(ledger, stock) == []
        assert checks.overcharged(stock, losses_max=1) == []
        assert checks.unforeseen(stock) == []
        assert checks.unseen(ledger, stock, views) == []
        assert checks.fallen(views) == []


class TestLost:
    def test_a_row_that_is_gone_is_found(self, ledger: Ledger, stock: Stock) -> None:
        del stock.documents["one"]

        assert checks.lost(ledger, stock) == ["one was accepted and is not there"]

    def test_another_file_is_found(self, ledger: Ledger, stock: Stock) -> None:
        change(stock, "one", sha256="dd")

        assert checks.lost(ledger, stock) == ["one has another file than the one that was sent"]


class TestUnended:
    @pytest.mark.parametrize("status", [PENDING, PROCESSING])
    def test_a_document_that_is_stuck_is_found(self, stock: Stock, status: str) -> None:
        change(stock, "one", status=status, stage="EMBEDDING")

        assert checks.unended(stock) == [f"one is {status} (EMBEDDING)"]

    def test_a_failure_without_a_code_is_found(self, stock: Stock) -> None:
        change(stock, "one", status="FAILED")

        assert checks.unended(stock) == ["one is FAILED without a code"]


class TestDoubled:
    @pytest.mark.parametrize(
        ("damage", "found"),
        [
            (a_second_document_of_one_file, "a file of owner is 2 documents"),
            (a_doubled_set, "one: 10 chunks are stored, the row says 5"),
            (two_embedders, "vectors of several embedders: a, b"),
            (a_second_publication, "one was published twice, the second time by worker2"),
            (a_reading_after_the_end, "one became PROCESSING by worker2 when it was READY"),
        ],
    )
    def test_what_is_there_twice_is_found(self, ledger: Ledger, stock: Stock, damage: Damage, found: str) -> None:
        damage(stock)

        assert checks.doubled(ledger, stock) == [found]

    def test_a_file_that_nobody_sent_is_found(self, ledger: Ledger, stock: Stock) -> None:
        stock.documents["three"] = replace(READY, id="three", sha256="ee", blob_key="owner/three")

        assert checks.doubled(ledger, stock) == ["three is of a file that nobody sent"]

    def test_one_that_was_started_again_by_hand_may_be_published_again(self, ledger: Ledger, stock: Stock) -> None:
        stock.history += [
            Turn("one", "READY", PENDING, is_ready_again=False, by="api1"),
            Turn("one", PENDING, PROCESSING, is_ready_again=False, by="worker2"),
            Turn("one", PROCESSING, "READY", is_ready_again=True, by="worker2"),
        ]

        assert checks.doubled(ledger, stock) == []


class TestOrphans:
    def test_each_kind_is_found(self, stock: Stock) -> None:
        stock.files = {"owner/one", "owner/stray"}
        stock.unfinished_files = {"half"}
        stock.purges = {"owner/late"}
        stock.strays = {"chunks": 3}

        assert checks.orphans(stock) == [
            "owner/stray is a file without a document",
            "owner/two is the file of a document, and is not there",
            "half was left half written",
            "owner/late is still to be removed",
            "3 rows of chunks are of no document",
        ]


class TestUndeleted:
    def test_a_document_that_is_there_again_is_found(self, ledger: Ledger, stock: Stock) -> None:
        stock.documents["gone"] = replace(READY, id="gone", sha256="cc")
        stock.files.add("owner/gone")

        assert checks.undeleted(ledger, stock) == [
            "gone was deleted and is there",
            "owner/gone is the file of a deleted document",
        ]

    def test_a_missing_tombstone_is_found(self, ledger: Ledger, stock: Stock) -> None:
        stock.tombstones.clear()

        assert checks.undeleted(ledger, stock) == ["gone was deleted without a tombstone"]


class TestAttempts:
    def test_one_that_was_spent_without_a_loss_is_found(self, stock: Stock) -> None:
        change(stock, "one", attempt=2)

        assert checks.overcharged(stock, losses_max=1) == ["one: 2 attempts, 0 lost, 0 crashed"]

    def test_more_losses_than_faults_are_found(self, stock: Stock) -> None:
        assert checks.overcharged(stock, losses_max=0) == ["1 workers were lost, but at most 0 can have been"]

    @pytest.mark.parametrize(("code", "is_retryable"), [("INTERNAL", True), ("CORRUPT", False), ("WORKER_LOST", False)])
    def test_a_failure_that_is_not_the_campaign_s_doing_is_found(
        self, stock: Stock, code: str, is_retryable: bool
    ) -> None:
        change(stock, "one", status="FAILED", failure_code=code, is_retryable=is_retryable)

        assert checks.unforeseen(stock) == [f"one FAILED with {code}"]

    def test_three_lost_workers_are_reason_enough(self, stock: Stock) -> None:
        change(stock, "one", status="FAILED", failure_code="WORKER_LOST", is_retryable=True)

        assert checks.unforeseen(stock) == []


class TestUncounted:
    def test_a_process_that_a_kill_missed_is_found(self) -> None:
        assert checks.uncounted(5, 5) == []
        assert checks.uncounted(6, 5) == ["6 processes are in 5 places"]


class TestViews:
    def test_an_end_that_was_not_told_is_found(
        self, ledger: Ledger, stock: Stock, views: dict[str, list[Seen]]
    ) -> None:
        views["one"].pop()
        views["gone"].pop()
        del views["two"]

        assert checks.unseen(ledger, stock, views) == [
            "gone is DELETED, the last that its subscriber heard was PROCESSING",
            "one is READY, the last that its subscriber heard was PROCESSING",
            "two is READY, the last that its subscriber heard was nothing",
        ]

    def test_a_share_that_falls_is_found(self, views: dict[str, list[Seen]]) -> None:
        views["one"].insert(2, Seen(PROCESSING, 1, 0.1))

        assert checks.fallen(views) == ["one fell from 0.20 to 0.10 in attempt 1"]
