"""Real clients: each signs up, uploads, asks and follows, is cut off, and goes on where it was."""

from typing import Any

import pytest

from lexora_gql.storage.database import Database
from tests.conformance.events import faults, tampered
from tests.conformance.house import ANSWER, FILENAME, PARTS, TEXT, open_house
from tests.conformance.node_project import PREPARING_TIMEOUT_SECONDS

pytestmark = pytest.mark.timeout(PREPARING_TIMEOUT_SECONDS)

Facts = dict[str, Any]
CUTS = len(PARTS) - 1


@pytest.fixture(scope="class")
async def facts(
    request: pytest.FixtureRequest, session_database: Database, redis_url: str, tmp_path_factory: pytest.TempPathFactory
) -> Facts:
    """What a client's script tells of its visit, which is one for all tests of a class."""
    async with open_house(session_database, redis_url, tmp_path_factory.mktemp("house")) as house:
        return await house.visited_by(request.cls.script)


class Client:
    """What every client does.

    Attributes:
        script: In the folder `clients`.
    """

    script: str

    def test_it_queries_and_mutates(self, facts: Facts) -> None:
        assert (facts["server"], facts["isKnown"]) == ("Lexora", True)

    def test_it_is_told_what_is_wrong(self, facts: Facts) -> None:
        assert (facts["signedOut"], facts["invalid"]) == ("UNAUTHENTICATED", "BAD_REQUEST")
        assert facts["declined"] == "InvalidCredentials"

    def test_it_uploads(self, facts: Facts) -> None:
        assert facts["uploaded"] == {"type": "DocumentAccepted", "filename": FILENAME, "byteSize": len(TEXT)}


def persisted(method: str, *, told_by: str) -> list[Facts]:
    """Return the requests for one operation, twice, by clients that send a document only where its hash is unknown."""
    return [
        {"method": method, "hasQuery": False, "hasHash": True, "status": 400},
        {"method": told_by, "hasQuery": True, "hasHash": True, "status": 200},
        {"method": method, "hasQuery": False, "hasHash": True, "status": 200},
    ]


class Subscriber(Client):
    """What every client does that subscribes.

    Attributes:
        answers: The facts that are events of an answer: the same for each way by which the client hears it.
    """

    answers: tuple[str, ...] = ("events",)

    def test_it_follows_a_document_until_it_is_read(self, facts: Facts) -> None:
        assert (facts["statuses"][0], facts["statuses"][-1]) == ("PENDING", "READY")

    def test_its_answer_is_whole_although_it_was_cut_off(self, facts: Facts) -> None:
        for name in self.answers:
            assert faults(facts[name], ANSWER) == []

    def test_the_control_nothing_else_would_pass_for_whole(self, facts: Facts) -> None:
        for name in self.answers:
            for how, events in tampered(facts[name]):
                assert faults(events, ANSWER) != [], how


class TestGraphQLWS(Subscriber):
    script = "graphql-ws.mjs"

    def test_it_connects_when_it_is_needed_and_leaves_when_it_is_not(self, facts: Facts) -> None:
        assert (facts["isLazy"], facts["closesOfUse"]) == (True, [1000])

    def test_it_comes_again_whatever_it_was_closed_with(self, facts: Facts) -> None:
        # A token that is no good, a line that broke, a session that ended, a server that went down.
        assert facts["closes"] == [4403, 1006, 4403, 1012]

    def test_both_sides_keep_the_line_alive(self, facts: Facts) -> None:
        assert all(facts["beats"].values()), facts["beats"]


class TestApolloClient(Subscriber):
    script = "apollo.mjs"
    answers = ("bySocket", "byParts")

    def test_it_was_cut_off_after_each_part(self, facts: Facts) -> None:
        assert facts["endings"] == {
            "bySocket": [*["Error: Socket closed with event 1006 "] * CUTS, "end"],
            "byParts": [*["Error: cut off"] * CUTS, "end"],
        }

    def test_what_a_subscription_tells_is_in_its_cache(self, facts: Facts) -> None:
        assert facts["cachedIsReady"] is True

    def test_it_sends_a_document_once_and_then_its_hash(self, facts: Facts) -> None:
        assert facts["persisted"] == {
            "byPost": persisted("POST", told_by="POST"),
            "byGet": persisted("GET", told_by="POST"),
        }


class TestUrql(Subscriber):
    script = "urql.mjs"
    answers = ("byEvents", "bySocket")

    def test_it_was_cut_off_after_each_part(self, facts: Facts) -> None:
        assert facts["endings"] == {
            "byEvents": [*["[Network] cut off"] * CUTS, "end"],
            # What it is told by the socket is an event of its closing, which has no message.
            "bySocket": [*["[Network] undefined"] * CUTS, "end"],
        }

    def test_it_is_told_what_is_wrong_within_a_stream(self, facts: Facts) -> None:
        assert facts["isRefusedInEvents"] == "BAD_REQUEST"

    def test_it_sends_a_document_once_and_then_its_hash(self, facts: Facts) -> None:
        assert facts["persisted"] == persisted("GET", told_by="GET")


class TestGraphQLRequest(Client):
    script = "graphql-request.mjs"

    def test_it_waits_for_an_answer(self, facts: Facts) -> None:
        assert facts["statuses"] == ["READY"]
        assert facts["answers"] == [{"status": "COMPLETED", "content": ANSWER}] * 2


class TestGraphQLSSE(Subscriber):
    script = "graphql-sse.mjs"

    def test_it_came_again_when_the_line_broke_and_when_the_server_went_down(self, facts: Facts) -> None:
        assert facts["connections"] == len(PARTS)

    def test_an_event_s_id_is_its_cursor(self, facts: Facts) -> None:
        assert (facts["ids"][0], facts["ids"][-1]) == (facts["events"][0]["cursor"], facts["events"][-1]["cursor"])
        assert facts["isLines"] is True
