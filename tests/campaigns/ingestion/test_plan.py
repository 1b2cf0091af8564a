from collections import Counter

from tests.campaigns.ingestion.campaign import WAITING_MAX
from tests.campaigns.ingestion.plan import CONTROL, KILLED_AT, Counts, Fault, is_met_by_upload, plan
from tests.campaigns.points import TRIGGERS, Point


class TestPlan:
    def test_it_has_as_many_of_each_fault_as_asked_for(self) -> None:
        counts = Counter(step.fault for step in plan(Counts(), 1))

        assert counts == {
            Fault.KILL_AT: 100,
            Fault.KILL: 100,
            Fault.KILL_API: 10,
            Fault.FREEZE_AT: 25,
            Fault.FREEZE: 25,
            Fault.STOP: 20,
            Fault.REDIS_EMPTIED: 10,
            Fault.REDIS_KILLED: 10,
            Fault.POSTGRES: 20,
            Fault.DELETE: 20,
        }

    def test_every_point_is_met_and_has_a_trigger(self) -> None:
        met = {step.point for step in plan(Counts(), 1)} - {None}

        assert met == set(Point) == TRIGGERS.keys()
        assert len(KILLED_AT) == len(Point) - 2

    def test_all_documents_are_uploaded(self) -> None:
        steps = plan(Counts(), 1)

        assert sum(step.uploads + is_met_by_upload(step.point) for step in steps) == 200

    def test_a_control_ends_even_if_no_document_does(self) -> None:
        assert sum(step.uploads + is_met_by_upload(step.point) for step in plan(CONTROL, 1)) <= WAITING_MAX

    def test_a_seed_gives_one_order_and_another_seed_another(self) -> None:
        assert plan(Counts(), 1) == plan(Counts(), 1) != plan(Counts(), 2)
